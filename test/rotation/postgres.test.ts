import assert from "node:assert/strict";
import type { Credential } from "../../lambda/rotators/credential";
import { type PostgresCredential, type PostgresSettings, postgres } from "../../lambda/rotators/postgres";
import { createPostgresTarget } from "../../lambda/rotators/postgres-target";
import { scramVerifier } from "../../lambda/rotators/scram";
import { type PostgresServer, startPostgres } from "../../sandbox/postgres/server";
import { ADMIN, canLogIn, logIn, OWNER_ROLE, prepareServer, readSecret, USERS } from "./support";

const soon = () => ({ remaining: () => 60_000, keep: [] });

// Proves the PostgreSQL rotator on a real server, whose log holds every statement. It does not kill anything.
describe("the PostgreSQL rotator", function () {
  this.timeout(30_000);
  let server: PostgresServer;
  let settings: PostgresSettings;
  const secrets = new Set<string>([ADMIN.password]);
  before(async () => {
    server = await startPostgres();
    settings = await prepareServer(server);
  });
  after(() => server.stop());

  const target = (changes: Partial<PostgresSettings> = {}) =>
    createPostgresTarget({ ...settings, ...changes }, { readSecret });

  async function make(slot: "a" | "b"): Promise<PostgresCredential> {
    const credential = await target().create({ slot, current: undefined });
    secrets.add(credential.password);
    return credential;
  }

  it("makes exactly what was written down work, however often, and what had the slot before end", async () => {
    const [first, second] = [await make("a"), await make("a")];
    await target().apply(first, soon());
    assert.deepEqual([await target().verify(first), await target().verify(second)], [true, false]);
    await target().apply(second, soon());
    await target().apply(second, soon());
    assert.deepEqual([await target().verify(first), await target().verify(second)], [false, true]);
    assert.ok(await canLogIn(server, second));
  });

  it("leaves the other user and every session alone", async () => {
    const [a, b] = [await make("a"), await make("b")];
    await target().apply(a, soon());
    await target().apply(b, soon());
    const session = await logIn(server, b);
    await target().apply(await make("b"), soon());
    assert.equal((await session.query("SELECT 1 AS one")).rows[0].one, 1);
    await session.end();
    assert.ok(await canLogIn(server, a));
  });

  it("keeps the owner role: what one user makes is the other's to change", async () => {
    const [a, b] = [await make("a"), await make("b")];
    await target().apply(a, soon());
    await target().apply(b, soon());
    const [asA, asB] = [await logIn(server, a), await logIn(server, b)];
    await asA.query("CREATE TABLE orders (id int)");
    await asB.query("ALTER TABLE orders ADD COLUMN note text");
    const { rows } = await asB.query("SELECT tableowner FROM pg_tables WHERE tablename = 'orders'");
    assert.equal(rows[0].tableowner, OWNER_ROLE);
    await asB.query("DROP TABLE orders");
    await Promise.all([asA.end(), asB.end()]);
  });

  it("does not take a login for proven that acts as another role than the owner", async () => {
    const a = await make("a");
    await target().apply(a, soon());
    assert.equal(await target({ ownerRole: "somebody_else" }).verify(a), false);
    assert.equal(await target({ ownerRole: undefined }).verify(a), true);
  });

  it("changes nothing once the lease is over, by the server's own clock", async () => {
    const [first, second] = [await make("a"), await make("a")];
    await target().apply(first, soon());
    await assert.rejects(target().apply(second, { remaining: () => -1, keep: [] }), {
      code: "rotation_timeout",
    });
    assert.ok(await canLogIn(server, first));
  });

  it("ends a user that no longer takes turns, and neither of those that do", async () => {
    const [a, b] = [await make("a"), await make("b")];
    await target().apply(a, soon());
    await target().apply(b, soon());
    await target().revoke(a, { ...soon(), keep: [a, b] });
    assert.ok(await canLogIn(server, a));
    await target({ users: ["orders_c", USERS[1]] }).revoke(a, { ...soon(), keep: [b] });
    assert.deepEqual([await canLogIn(server, a), await canLogIn(server, b)], [false, true]);
  });

  it("talks to nobody whose certificate is not for the name, or comes from somewhere else", async () => {
    const a = await make("a");
    await target().apply(a, soon());
    for (const changes of [
      { tlsServerName: undefined },
      { tlsServerName: "db.example.com" },
      { ca: undefined },
    ]) {
      await assert.rejects(
        target(changes).verify(a),
        { code: "target_unavailable" },
        JSON.stringify(changes),
      );
      await assert.rejects(target(changes).apply(a, soon()), { code: "target_unavailable" });
    }
    assert.equal(await target({ host: "localhost", tlsServerName: undefined }).verify(a), true);
  });

  it("says that the administrator may not, without what was asked", async () => {
    const a = await make("a");
    const wrong = createPostgresTarget(settings, {
      readSecret: async () => JSON.stringify({ ...ADMIN, password: "wrong" }),
    });
    await assert.rejects(wrong.apply(a, soon()), { code: "target_denied", message: /28P01$/ });
    await assert.rejects(target({ users: ["postgres", "x"] }).apply({ ...a, username: "postgres" }, soon()), {
      code: "target_denied",
      message: /42501$/,
    });
    const broken = createPostgresTarget(settings, { readSecret: async () => `not JSON ${a.password}` });
    await assert.rejects(broken.apply(a, soon()), (error: Error) => !error.message.includes(a.password));
  });

  it("computes the verifier that the server itself would", async () => {
    const superuser = await server.connect();
    await superuser.query("SET log_statement = 'none'");
    await superuser.query("CREATE ROLE comparison PASSWORD 'Known-Password-1'");
    const known = await superuser.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'comparison'");
    const stored: string = known.rows[0].rolpassword;
    const salt = Buffer.from(/:([^$]+)\$/.exec(stored)?.[1] ?? "", "base64");
    assert.equal(await scramVerifier("Known-Password-1", salt), stored);
    await superuser.end();
    await assert.rejects(scramVerifier("pässword"), TypeError);
  });

  it("gives credentials by hand the slot of their user", () => {
    assert.equal(target().slotOf({ username: USERS[0], password: "x" }), "a");
    assert.equal(target().slotOf({ username: USERS[1], password: "x" }), "b");
    assert.equal(target().slotOf({ username: "postgres", password: "x" }), undefined);
  });

  it("is configured with two different users, and with nothing that it does not know", () => {
    const parse = (changes: object) => postgres.settings.safeParse({ ...settings, ...changes }).success;
    assert.deepEqual(
      [{}, { users: ["a", "a"] }, { users: ["a"] }, { password: "x" }, { port: 0 }, { host: "" }].map(parse),
      [true, false, false, false, false, false],
    );
  });

  it("makes passwords of letters and digits, 40 of them, beginning with a letter", async () => {
    const made = await Promise.all(Array.from({ length: 200 }, () => make("b")));
    assert.ok(made.every(({ password }: Credential) => /^[A-Za-z][A-Za-z0-9]{39}$/.test(String(password))));
    assert.equal(new Set(made.map(({ password }) => password)).size, made.length);
  });

  it("lets no password into a statement or the server's log", () => {
    const log = server.log();
    assert.match(log, /ALTER ROLE "?orders_a"? LOGIN PASSWORD 'SCRAM-SHA-256\$4096:/);
    for (const secret of secrets) assert.ok(!log.includes(secret), "the server's log holds a password");
  });
});
