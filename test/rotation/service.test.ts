import assert from "node:assert/strict";
import { createExternalRotator } from "../../esc/providers/external-rotator";
import { escSubject } from "../../trust/index";
import { type StartedService, startService } from "../service/support";

const ID = { organization: "acme", project: "app", name: "rotated-db" };
const DEFINITION = `values:
  db:
    fn::rotate::external:
      inputs:
        url: https://rotate.example.com/rotate
        request: {target: db}
  other:
    fn::rotate::external:
      inputs:
        url: https://rotate.example.com/other
  environmentVariables:
    DB_PASSWORD: \${db.current.password}
`;

interface Post {
  readonly url: string;
  readonly body: { readonly request: object; readonly state: object | null };
  readonly claims: Readonly<Record<string, unknown>>;
}

// Proves what ESC's side does with a rotation: what it posts, what it keeps and what it writes. The adapter here is a
// function.
describe("the ESC service rotates an environment", () => {
  let started: StartedService;
  let posts: Post[];
  let answer: (post: Post) => Response | Promise<Response>;

  beforeEach(async () => {
    posts = [];
    answer = ({ url }) =>
      Response.json({ password: `secret-${posts.length}`, version: `v${posts.length}`, at: url });
    let claims: Post["claims"] = {};
    started = await startService({
      rotators: (context) => ({
        external: createExternalRotator({
          ...context,
          subject: escSubject,
          mintToken: async (given) => {
            claims = given;
            return "token";
          },
          fetch: async (url, init) => {
            const body = JSON.parse(Buffer.from(init?.body as Uint8Array).toString());
            const post = { url: String(url), body, claims };
            posts.push(post);
            return answer(post);
          },
        }),
      }),
    });
    started.service.store.create(ID);
    await started.service.update(ID, DEFINITION);
  });
  afterEach(() => started.stop());

  it("posts request and state, null the first time and then what was answered", async () => {
    const { service } = started;
    await service.rotate(ID, ["db"]);
    await service.rotate(ID, ["db"]);
    assert.deepEqual(
      posts.map(({ body }) => body),
      [
        { request: { target: "db" }, state: null },
        {
          request: { target: "db" },
          state: { password: "secret-1", version: "v1", at: "https://rotate.example.com/rotate" },
        },
      ],
    );
    const { aud, current_env, org } = posts[0]?.claims ?? {};
    assert.deepEqual(
      [aud, current_env, org],
      ["https://rotate.example.com/rotate", "acme/app/rotated-db", "acme"],
    );
  });

  it("writes each state as a revision, encrypted, and opens with the last", async () => {
    const { service } = started;
    const event = await service.rotate(ID);
    assert.deepEqual(
      [event.status, event.preRotationRevision, event.postRotationRevision],
      ["succeeded", 2, 3],
    );
    assert.deepEqual(
      event.rotations.map(({ environmentPath, status }) => [environmentPath, status]),
      [
        ["db", "succeeded"],
        ["other", "succeeded"],
      ],
    );
    const { yaml } = service.store.read(ID);
    assert.ok(!yaml.includes("secret-") && yaml.includes("ciphertext"));
    const session = await service.open(ID);
    const opened = JSON.parse(service.readSession(ID, session.id, "environmentVariables.DB_PASSWORD"));
    assert.deepEqual([opened.value, opened.secret], ["secret-1", true]);
    assert.equal(session.redactedJson.includes("secret-"), false);
  });

  it("keeps what was rotated when another rotation fails, and says which", async () => {
    answer = ({ url }) =>
      url.endsWith("/other")
        ? Response.json({ code: "state_unknown", requestId: "r-1", password: "s3cret" }, { status: 409 })
        : Response.json({ password: "secret-1" });
    const event = await started.service.rotate(ID);
    assert.deepEqual([event.status, event.postRotationRevision], ["failed", 3]);
    const [, failed] = event.rotations;
    assert.equal(failed?.status, "failed");
    assert.match(String(failed?.errorMessage), /answered 409 state_unknown \(request r-1\)/);
    assert.ok(!JSON.stringify(event).includes("s3cret"));
  });

  it("leaves the state alone when the rotation fails: the next one has it again", async () => {
    await started.service.rotate(ID, ["db"]);
    answer = () => Response.json({ code: "rotation_busy" }, { status: 503 });
    const event = await started.service.rotate(ID, ["db"]);
    assert.deepEqual([event.status, event.postRotationRevision], ["failed", undefined]);
    assert.equal(started.service.store.read(ID).number, 3);
    answer = () => Response.json({ password: "secret-9" });
    await started.service.rotate(ID, ["db"]);
    assert.deepEqual(posts.at(-1)?.body.state, posts.at(-2)?.body.state);
  });

  it("does not open before the first rotation, but checks", async () => {
    assert.deepEqual((await started.service.check(ID)).diagnostics, []);
    await assert.rejects(started.service.open(ID), (error: { diagnostics: { summary: string }[] }) =>
      error.diagnostics.some(({ summary }) => summary.includes("nothing has been rotated yet")),
    );
    assert.deepEqual(posts, []);
  });

  it("over REST, in the shape of the Go client, by path or all of it", async () => {
    const one = await started.request("POST", "/acme/app/rotated-db/rotate", {
      body: JSON.stringify({ Paths: ["db"] }),
    });
    const { secretRotationEvent: event } = (await one.json()) as {
      secretRotationEvent: Record<string, unknown>;
    };
    assert.deepEqual(
      [one.status, event.status, event.postRotationRevision, event.environmentId],
      [200, "succeeded", 3, "acme/app/rotated-db"],
    );
    const all = await started.request("POST", "/acme/app/rotated-db/rotate", { body: '{"Paths":null}' });
    assert.equal(all.status, 200);
    assert.deepEqual(
      posts.map(({ url }) => url.split("/").at(-1)),
      ["rotate", "rotate", "other"],
    );
    assert.equal((await started.request("POST", "/acme/app/none/rotate", { body: "{}" })).status, 404);
  });
});
