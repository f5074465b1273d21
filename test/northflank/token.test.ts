import assert from "node:assert/strict";
import { checkNorthflankClaims, isSignedBy, readNorthflankToken } from "../../lambda/northflank/token";

/** The token that Northflank's documentation of the protocol shows, made with the secret of its demonstration. */
const SAMPLE =
  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJwcm9qZWN0SWQiOiJwcm9qZWN0LmludGVybmFsSWQiLCJuZk9iamVjdElkIjoiaW50ZXJuYWxJZCIsIm5mT2JqZWN0VHlwZSI6Im9iamVjdHR5cGUiLCJpYXQiOjE2ODk3NjA0NjIsImV4cCI6MTY4OTg0Njg2Mn0.FcUR2ZeTuYDbi_QsviEJvCG9x3sB1vtjjAEuuIGD2OU";
const ISSUED = 1_689_760_462;

describe("the token of Northflank's documentation", () => {
  const token = readNorthflankToken(`Bearer ${SAMPLE}`);
  const check = (now: number) => checkNorthflankClaims(token, { now, clockSkewSeconds: 30 });

  it("is signed with the demonstration's secret, alone or while another is being brought in", () => {
    assert.equal(isSignedBy(token, ["APP_SECRET"]), true);
    assert.equal(isSignedBy(token, ["another", "APP_SECRET"]), true);
    assert.equal(isSignedBy(token, ["APP_SECRET "]), false);
    assert.equal(isSignedBy(token, []), false);
  });

  it("names its workload in its life, of exactly a day", () => {
    const workload = {
      projectId: "project.internalId",
      nfObjectId: "internalId",
      nfObjectType: "objecttype",
    };
    for (const now of [ISSUED, ISSUED + 43_200, ISSUED + 86_400]) assert.deepEqual(check(now), workload);
  });

  it("is refused before and after", () => {
    assert.throws(() => check(ISSUED - 31), { code: "token_not_yet_valid" });
    assert.throws(() => check(ISSUED + 86_430), { code: "token_expired" });
  });
});
