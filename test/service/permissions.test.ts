import assert from "node:assert/strict";
import type { EnvironmentPermission, TokenOwner } from "../../sandbox/pulumi/index";
import { type StartedService, startService, write } from "./support";

const organization = "acme";
const prod = { organization, project: "shop", name: "prod" };
const VALUE = "a-value-that-only-openers-see";

/** A request with a token that was given out for `owner`. */
function asker({ service, url }: StartedService, owner: Omit<TokenOwner, "organization">) {
  const token = service.tokens.issue({ organization, ...owner });
  return async (method: string, path: string, body?: string) => {
    const response = await fetch(`${url}/api/esc/environments${path}`, {
      method,
      body,
      headers: { authorization: `token ${token}`, connection: "close" },
    });
    return { status: response.status, body: await response.text() };
  };
}

describe("The ESC service's permissions, where members may do nothing by themselves", () => {
  let esc: StartedService;
  const teamWith = (permission: EnvironmentPermission) => {
    esc.service.grants.set(prod, `team:${permission}s`, permission);
    return asker(esc, { type: "team", team: `${permission}s` });
  };

  before(async () => {
    esc = await startService({ memberPermission: "none" });
    await write(
      esc.service,
      "shop/prod",
      `values:\n  secret:\n    fn::secret: ${VALUE}\n  environmentVariables:\n    SECRET: \${secret}\n`,
    );
  });
  after(() => esc.stop());

  const requests = {
    "read the definition": ["GET", "/acme/shop/prod"],
    "list revisions": ["GET", "/acme/shop/prod/versions"],
    "open it": ["POST", "/acme/shop/prod/open"],
    "open an import of it": ["POST", "/acme/yaml/open", "imports: [shop/prod]\n"],
    "open a reference into it": [
      "POST",
      "/acme/yaml/open",
      `values: {x: "\${environments.shop.prod.secret}"}\n`,
    ],
    "check an import of it": ["POST", "/acme/yaml/check", "imports: [shop/prod]\n"],
    "check an import of it with secrets": [
      "POST",
      "/acme/yaml/check?showSecrets=true",
      "imports: [shop/prod]\n",
    ],
    "read its secrets": ["GET", "/acme/shop/prod/decrypt"],
    "clone it": ["POST", "/acme/shop/prod/clone", '{"project":"shop","name":"copy"}'],
    "move its tag": ["POST", "/acme/shop/prod/versions/tags", '{"name":"live","revision":1}'],
    "rotate it": ["POST", "/acme/shop/prod/rotate", "{}"],
    "write it": ["PATCH", "/acme/shop/prod", "values: {}\n"],
    "delete it": ["DELETE", "/acme/shop/prod"],
  } as const;
  type Request = keyof typeof requests;
  const refused: Record<Exclude<EnvironmentPermission, "admin">, readonly Request[]> = {
    none: Object.keys(requests) as Request[],
    read: [
      "open it",
      "open an import of it",
      "open a reference into it",
      "check an import of it with secrets",
      "read its secrets",
      "clone it",
      "move its tag",
      "rotate it",
      "write it",
      "delete it",
    ],
    open: ["clone it", "move its tag", "rotate it", "write it", "delete it"],
    write: ["clone it", "delete it"],
  };

  for (const [permission, expected] of Object.entries(refused)) {
    it(`a token with "${permission}" is refused exactly: ${expected.join(", ")}`, async () => {
      const ask = teamWith(permission as EnvironmentPermission);
      const denied: string[] = [];
      for (const [what, [method, path, body]] of Object.entries(requests)) {
        if (permission === "write" && what === "write it") continue;
        const answer = await ask(method, path, body);
        if (answer.status >= 400) denied.push(what);
        if (permission === "none" || permission === "read") assert.ok(!answer.body.includes(VALUE), what);
        // Who may not read it does not learn that it is there: the same answer as for a name that nobody has.
        if (permission === "none" && path.startsWith("/acme/shop/prod"))
          assert.equal(answer.status, 404, what);
      }
      assert.deepEqual(denied, expected);
    });
  }

  it("lists to each only what it may read", async () => {
    const names = async (ask: ReturnType<typeof asker>) =>
      (JSON.parse((await ask("GET", "/acme")).body).environments as { name: string }[]).map(
        ({ name }) => name,
      );
    assert.deepEqual(await names(teamWith("none")), []);
    assert.deepEqual(await names(teamWith("read")), ["prod"]);
  });

  it("gives nobody a token's rights in another organization, or after a letter is changed", async () => {
    const administrator = asker(esc, { type: "personal", user: "ann", administrator: true });
    assert.equal((await administrator("GET", "/acme/shop/prod")).status, 200);
    assert.equal((await administrator("GET", "/umbrella/shop/prod")).status, 404);
    const token = `${esc.service.tokens.issue({ organization, type: "team", team: "writes" })}x`;
    const response = await fetch(`${esc.url}/api/esc/environments/acme`, {
      headers: { authorization: `token ${token}`, connection: "close" },
    });
    assert.equal(response.status, 401);
  });

  it("lets nobody create environments but administrators", async () => {
    const body = JSON.stringify({ project: "shop", name: "new" });
    assert.equal((await teamWith("write")("POST", "/acme", body)).status, 403);
    const administrator = asker(esc, { type: "personal", user: "ann", administrator: true });
    assert.equal((await administrator("POST", "/acme", body)).status, 200);
    assert.equal((await administrator("DELETE", "/acme/shop/new")).status, 200);
  });

  it("tells the definition whose token opened it", async () => {
    await write(
      esc.service,
      "shop/who",
      "values:\n  login: ${context.pulumi.user.login}\n  team: ${context.pulumi.token.team}\n",
    );
    esc.service.grants.set({ ...prod, name: "who" }, "team:opens", "open");
    const ask = asker(esc, { type: "team", team: "opens" });
    const { id } = JSON.parse((await ask("POST", "/acme/shop/who/open")).body);
    const { properties } = JSON.parse((await ask("GET", `/acme/shop/who/open/${id}`)).body);
    assert.deepEqual([properties.login.value, properties.team.value], ["opens", "opens"]);
  });
});

describe("The ESC service's permissions, as Pulumi's are until somebody changes them", () => {
  it("let every member's token open and write every environment, and delete what it created", async () => {
    const esc = await startService();
    try {
      await write(esc.service, "shop/prod", "values: {}\n");
      const ask = asker(esc, { type: "organization" });
      assert.equal((await ask("POST", "/acme/shop/prod/open")).status, 200);
      assert.equal((await ask("PATCH", "/acme/shop/prod", "values: {a: 1}\n")).status, 200);
      assert.equal((await ask("DELETE", "/acme/shop/prod")).status, 403);
      assert.equal((await ask("POST", "/acme", '{"project":"shop","name":"own"}')).status, 200);
      assert.equal((await ask("DELETE", "/acme/shop/own")).status, 200);
    } finally {
      await esc.stop();
    }
  });
});
