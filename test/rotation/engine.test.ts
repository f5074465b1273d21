import assert from "node:assert/strict";
import type { Credential } from "../../lambda/rotators/credential";
import { rotate } from "../../lambda/rotators/engine";
import { StateUnknownError } from "../../lambda/rotators/errors";
import { type Gate, World } from "./world";

const atOnce: Gate = async (_name, effect) => effect();
const OWNER = "acme/app/rotated-staging-db";

function start() {
  const world = new World();
  const call = (state: Credential | null, owner = OWNER) =>
    rotate(world.ports(atOnce), { target: "postgres/db", owner, state });
  return { world, call };
}

// Proves what a call is answered, by what it is called with. Crashes are the crash model's.
describe("a rotation", () => {
  it("begins with slot a when there is nothing, and alternates from there", async () => {
    const { world, call } = start();
    const first = await call(null);
    assert.deepEqual(Object.keys(first), ["username", "password", "slot", "version", "rotatedAt"]);
    const second = await call(first);
    const third = await call(second);
    assert.deepEqual([first.slot, second.slot, third.slot], ["a", "b", "a"]);
    assert.ok(world.accepts(third) && world.accepts(second) && !world.accepts(first));
    const { previous: _, ...before } = second;
    assert.deepEqual(third.previous, before);
  });

  it("is given again to who has not heard of it, however often it is asked for", async () => {
    const { call } = start();
    const first = await call(null);
    assert.deepEqual(await call(null), first);
    const second = await call(first);
    assert.deepEqual(await call(first), second);
    assert.deepEqual(await call(first), second);
  });

  it("is never an old one: any state that is lost or older is answered with the last", async () => {
    const { call } = start();
    const first = await call(null);
    const second = await call(first);
    const third = await call(second);
    const { password: _, ...incomplete } = third;
    for (const state of [null, first, { ...third, password: "changed" }, incomplete, {}]) {
      assert.deepEqual(await call(state), third);
    }
  });

  it("recognises a state whatever the order of its members", async () => {
    const { call } = start();
    const first = await call(null);
    const reversed = Object.fromEntries(Object.entries(first).reverse());
    assert.equal((await call(reversed)).slot, "b");
  });

  it("adopts a credential that was given by hand: it stays as it is and becomes the previous one", async () => {
    const { world, call } = start();
    world.setLogin("b", "by-hand");
    const given = { username: "b", password: "by-hand" };
    const first = await call(given);
    assert.deepEqual([first.slot, first.previous], ["a", { ...given, slot: "b" }]);
    assert.ok(world.accepts(given));
  });

  for (const [what, state] of Object.entries({
    "that does not work": { username: "a", password: "wrong" },
    "that has no slot": { username: "somebody", password: "by-hand" },
  })) {
    it(`does not adopt a credential ${what}, and touches nothing`, async () => {
      const { world, call } = start();
      await assert.rejects(call(state), (error: unknown) => {
        assert.ok(error instanceof StateUnknownError);
        assert.equal(error.code, "state_unknown");
        assert.ok(error.plan.length > 0 && !error.message.includes(state.password), error.message);
        return true;
      });
      assert.deepEqual([world.document, world.logins.size], [undefined, 0]);
    });
  }

  it("does not begin while the credential in the state does not work: what is left may be all that does", async () => {
    const { world, call } = start();
    const first = await call(null);
    const second = await call(first);
    world.setLogin("b", "changed behind everybody's back");
    await assert.rejects(call(second), { code: "state_unknown" });
    assert.ok(world.accepts(first));
  });

  it("belongs to one environment: another is refused before anything is proven or touched", async () => {
    const { world, call } = start();
    const first = await call(null);
    for (const state of [null, first]) {
      await assert.rejects(call(state, "acme/app/rotated-prod-db"), { code: "target_taken" });
    }
    assert.ok(world.accepts(first) && world.logins.size === 1);
  });

  it("makes passwords and versions that are nowhere twice", async () => {
    const { call } = start();
    let state: Credential | null = null;
    const seen: unknown[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      state = await call(state);
      seen.push(state.version, state.password);
    }
    assert.equal(new Set(seen).size, seen.length);
  });
});
