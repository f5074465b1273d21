import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { EnvironmentStore } from "../../sandbox/pulumi/environment-store";
import { ACCESS_TOKEN, type StartedService, startService, write } from "./support";

const base = { organization: "acme", project: "web", name: "base" };

describe("What the ESC service has around its environments", () => {
  let esc: StartedService;

  beforeEach(async () => {
    esc = await startService({ pageSize: 2, user: { login: "mona", name: "Mona" } });
    await write(esc.service, "web/base", "values: {key: {fn::secret: hunter2}}\n");
  });

  afterEach(() => esc.stop());

  /** The status and the JSON of an answer. */
  async function ask(method: string, path: string, body?: object | string): Promise<[number, unknown]> {
    const sent = typeof body === "object" ? JSON.stringify(body) : body;
    const response = await esc.request(method, path, { ...(sent !== undefined && { body: sent }) });
    const answer = await response.text();
    return [response.status, answer.startsWith("{") || answer.startsWith("[") ? JSON.parse(answer) : answer];
  }

  async function askApi(path: string): Promise<unknown> {
    const headers = { authorization: `token ${ACCESS_TOKEN}` };
    return (await fetch(`${esc.url}/api${path}`, { headers })).json();
  }

  it("is whose token it is, and the organization that a name without one belongs to", async () => {
    const user = (await askApi("/user")) as { githubLogin: string; organizations: { githubLogin: string }[] };
    assert.equal(user.githubLogin, "mona");
    assert.deepEqual(
      user.organizations.map(({ githubLogin }) => githubLogin),
      ["acme", "umbrella"],
    );
    assert.deepEqual(await askApi("/user/organizations/default"), { gitHubLogin: "acme" });
  });

  it("is listed page by page, whatever is made or deleted meanwhile", async () => {
    for (const name of ["c", "a", "b"]) esc.service.store.create({ ...base, name });
    const seen: string[] = [];
    let token = "";
    do {
      const [, page] = await ask("GET", `/acme?continuationToken=${token}`);
      const { environments, nextToken } = page as { environments: { name: string }[]; nextToken: string };
      seen.push(...environments.map(({ name }) => name));
      if (token === "") esc.service.delete({ ...base, name: "b" });
      token = nextToken;
    } while (token !== "");
    assert.deepEqual(seen, ["a", "b", "base", "c"]);
    assert.equal((await ask("GET", "/acme?continuationToken=%25"))[0], 400);
  });

  it("is cloned with its secrets encrypted anew, and with what was asked to be preserved", async () => {
    await esc.service.update(base, "values: {key: {fn::secret: hunter3}}\n");
    esc.service.store.createTag(base, "live", 2);
    await ask("POST", "/acme/web/base/tags", { name: "owner", value: "payments" });
    assert.equal((await ask("POST", "/acme/web/base/clone", { name: "bare", version: 2 }))[0], 204);
    const whole = { project: "api", name: "whole", preserveHistory: true, preserveRevisionTags: true };
    const [status] = await ask("POST", "/acme/web/base/clone", { ...whole, preserveEnvironmentTags: true });
    assert.equal(status, 204);

    const read = async (path: string) => (await ask("GET", `/acme/${path}/decrypt`))[1];
    assert.match(String(await read("web/bare")), /hunter2/);
    assert.match(String(await read("api/whole")), /hunter3/);
    assert.match(String(await read("api/whole/versions/live")), /hunter2/);
    assert.equal(esc.service.store.read({ ...base, name: "bare" }).number, 1);
    assert.deepEqual(
      Object.keys(((await ask("GET", "/acme/web/bare/tags"))[1] as { tags: object }).tags),
      [],
    );
    assert.deepEqual(Object.keys(((await ask("GET", "/acme/api/whole/tags"))[1] as { tags: object }).tags), [
      "owner",
    ]);
    assert.equal((await ask("POST", "/acme/web/base/clone", { name: "bare" }))[0], 409);
    assert.equal((await ask("POST", "/acme/web/none/clone", { name: "x" }))[0], 404);
  });

  it("cannot be deleted while it is protected, in words that the Go client looks for", async () => {
    assert.deepEqual(await ask("GET", "/acme/web/base/settings"), [200, { deletionProtected: false }]);
    await ask("PATCH", "/acme/web/base/settings", { deletionProtected: true });
    const [status, refusal] = await ask("DELETE", "/acme/web/base");
    assert.equal(status, 409);
    assert.match((refusal as { message: string }).message, /deletion protection is enabled/);
    await ask("PATCH", "/acme/web/base/settings", {});
    assert.deepEqual(await ask("GET", "/acme/web/base/settings"), [200, { deletionProtected: true }]);
    await ask("PATCH", "/acme/web/base/settings", { deletionProtected: false });
    assert.equal((await ask("DELETE", "/acme/web/base"))[0], 200);
  });

  it("has tags, which change only from the value that was read", async () => {
    await ask("POST", "/acme/web/base/tags", { name: "owner", value: "payments" });
    assert.equal((await ask("POST", "/acme/web/base/tags", { name: "owner", value: "x" }))[0], 409);
    await ask("POST", "/acme/web/base/tags", { name: "tier", value: "" });
    const change = (value: string, newTag: object) =>
      ask("PATCH", "/acme/web/base/tags/owner", { currentTag: { value }, newTag });
    assert.equal((await change("somebody else", { value: "y" }))[0], 409);
    assert.equal((await change("payments", { name: "tier" }))[0], 409);
    const [, moved] = await change("payments", { name: "team" });
    const { name, value, editorLogin } = moved as Record<string, string>;
    assert.deepEqual([name, value, editorLogin], ["team", "payments", "mona"]);
    for (const [body, status] of [
      [{ name: "a b", value: "x" }, 400],
      [{ name: "a", value: "x".repeat(257) }, 400],
      [{ name: "a" }, 400],
    ] as const) {
      assert.equal((await ask("POST", "/acme/web/base/tags", body))[0], status);
    }
    assert.equal((await ask("DELETE", "/acme/web/base/tags/owner"))[0], 404);
    const [, first] = await ask("GET", "/acme/web/base/tags?after=&count=1");
    const { tags, nextToken } = first as { tags: object; nextToken: string };
    assert.deepEqual([Object.keys(tags), nextToken], [["team"], "team"]);
  });

  it("has revisions that can be taken out of use, whose tags go to another", async () => {
    await esc.service.update(base, "values: {a: 3}\n");
    await esc.service.update(base, "values: {a: 4}\n");
    esc.service.store.createTag(base, "live", 3);
    assert.equal((await ask("POST", "/acme/web/base/versions/latest/retract", {}))[0], 400);
    assert.equal((await ask("POST", "/acme/web/base/versions/live/retract", { reason: "broken" }))[0], 204);
    assert.equal(esc.service.store.tag(base, "live").revision, 2);
    const [status, refusal] = await ask("GET", "/acme/web/base/versions/3");
    assert.equal(status, 404);
    assert.match((refusal as { message: string }).message, /retracted: use revision 2/);
    assert.equal((await ask("POST", "/acme/web/base/versions/3/open"))[0], 404);
    const [, revisions] = await ask("GET", "/acme/web/base/versions?before=4&count=1");
    const [{ retracted }] = revisions as [{ retracted: Record<string, unknown> }];
    assert.deepEqual([retracted.replacement, retracted.reason, retracted.byLogin], [2, "broken", "mona"]);
    assert.equal((await ask("POST", "/acme/web/base/versions/1/retract", {}))[0], 400, "nothing before it");
    assert.equal((await ask("POST", "/acme/web/base/versions/1/retract", { replacement: 4 }))[0], 204);
  });

  it("knows who imports it, by the version that is imported", async () => {
    esc.service.store.createTag(base, "live", 2);
    await write(esc.service, "web/a", "imports: [web/base]\n");
    await write(esc.service, "web/b", "imports: [{web/base@live: {merge: false}}]\n");
    await write(esc.service, "web/c", "imports: [web/a]\nvalues: {x: web/base}\n");
    const seen: Record<string, string[]> = {};
    let token = "";
    do {
      const [, answer] = await ask("GET", `/acme/web/base/referrers?count=1&continuationToken=${token}`);
      const page = answer as {
        referrers: Record<string, { environment: { name: string; revision: number } }[]>;
        continuationToken: string;
      };
      for (const [version, list] of Object.entries(page.referrers)) {
        seen[version] = [...(seen[version] ?? []), ...list.map(({ environment }) => environment.name)];
      }
      token = page.continuationToken;
    } while (token !== "");
    assert.deepEqual(seen, { latest: ["a"], live: ["b"] });
  });

  it("takes drafts, which change nothing until somebody applies them", async () => {
    const bad = await ask("POST", "/acme/web/base/drafts", `values: {a: "\${none}"}\n`);
    assert.equal(bad[0], 400);
    const [, made] = await ask("POST", "/acme/web/base/drafts", "values: {key: {fn::secret: drafted}}\n");
    const { changeRequestId: id, latestRevisionNumber } = made as Record<string, string>;
    assert.equal(latestRevisionNumber, 2);
    const read = await esc.request("GET", `/acme/web/base/drafts/${id}`);
    assert.doesNotMatch(await read.text(), /drafted/);
    const update = (etag: string) =>
      esc.request("PATCH", `/acme/web/base/drafts/${id}`, {
        body: "values: {key: changed}\n",
        headers: { "if-match": etag },
      });
    assert.equal((await update('"another"')).status, 409);
    assert.equal((await update(read.headers.get("etag") ?? "")).status, 200);
    const [, opened] = await ask("POST", `/acme/web/base/drafts/${id}/open?duration=1h0m0s`);
    const [, values] = await ask("GET", `/acme/web/base/open/${(opened as { id: string }).id}?property=key`);
    assert.equal((values as { value: string }).value, "changed");
    const submit = await fetch(`${esc.url}/api/change-requests/acme/${id}/submit`, {
      method: "POST",
      headers: { authorization: `token ${ACCESS_TOKEN}` },
      body: JSON.stringify({ description: "please" }),
    });
    assert.equal(submit.status, 200);
    assert.equal(esc.service.store.read(base).number, 2);
    assert.equal((await ask("GET", "/acme/web/base/drafts/none"))[0], 404);
    assert.deepEqual(
      await ask("POST", "/acme/web/base/open/request", {
        grantExpirationSeconds: 1,
        accessDurationSeconds: 1,
      }),
      [200, { changeRequests: [] }],
    );
  });

  it("has webhooks, whose secret never comes back and signs what is delivered to this machine", async () => {
    const seen: { headers: IncomingHttpHeaders; body: string }[] = [];
    const receiver = createServer(async (request, response) => {
      seen.push({ headers: request.headers, body: await text(request) });
      response.writeHead(202).end("thanks");
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const { port } = receiver.address() as AddressInfo;
    try {
      const hook = {
        name: "chat",
        displayName: "Chat",
        active: true,
        payloadUrl: `http://127.0.0.1:${port}/`,
      };
      const [status, made] = await ask("POST", "/acme/web/base/hooks", {
        ...hook,
        secret: "hush",
        envName: "base",
      });
      assert.deepEqual([status, (made as { hasSecret: boolean }).hasSecret], [200, true]);
      assert.equal((await ask("POST", "/acme/web/base/hooks", hook))[0], 409);
      assert.equal(
        (await ask("POST", "/acme/web/base/hooks", { ...hook, name: "b", envName: "other" }))[0],
        400,
      );
      const [, delivery] = await ask("POST", "/acme/web/base/hooks/chat/ping");
      assert.equal((delivery as { responseCode: number }).responseCode, 202);
      const [{ headers, body } = { headers: {}, body: "" }] = seen;
      const signature = createHmac("sha256", "hush").update(body).digest("hex");
      assert.equal(headers["pulumi-webhook-signature"], signature);

      const elsewhere = { displayName: "Chat", active: false, payloadUrl: "https://chat.example.com/hook" };
      await ask("PATCH", "/acme/web/base/hooks/chat", { ...elsewhere, secret: "__remove-secret" });
      const [, changed] = await ask("GET", "/acme/web/base/hooks/chat");
      assert.deepEqual(changed, {
        ...{ ...elsewhere, name: "chat", filters: [], groups: [], format: "raw", hasSecret: false },
        ...{ organizationName: "acme", projectName: "web", envName: "base" },
      });
      const [, failed] = await ask("POST", "/acme/web/base/hooks/chat/ping");
      const { responseCode, responseBody } = failed as { responseCode: number; responseBody: string };
      assert.deepEqual(
        [responseCode, responseBody],
        [0, "nothing on this machine stands for https://chat.example.com"],
      );
      const [, deliveries] = await ask("GET", "/acme/web/base/hooks/chat/deliveries");
      assert.equal((deliveries as unknown[]).length, 2);
      const everything = JSON.stringify([
        made,
        delivery,
        changed,
        failed,
        deliveries,
        await ask("GET", "/acme/web/base/hooks"),
      ]);
      assert.ok(!everything.includes("hush"), "the secret never comes back");
      assert.equal((await ask("DELETE", "/acme/web/base/hooks/chat"))[0], 204);
      assert.equal((await ask("GET", "/acme/web/base/hooks/chat"))[0], 404);
    } finally {
      receiver.close();
      receiver.closeAllConnections();
    }
  });

  it("has rotation schedules, with what came of each time", async () => {
    const [status, made] = await ask("POST", "/acme/web/base/schedules", { scheduleCron: "0 3 * * *" });
    const { id, nextExecution } = made as { id: string; nextExecution: string };
    assert.equal(status, 200);
    assert.match(nextExecution, /T03:00:00.000Z$/);
    const history = async () =>
      (
        (await ask("GET", `/acme/web/base/schedules/${id}/history`))[1] as {
          scheduleHistoryEvents: { result: string }[];
        }
      ).scheduleHistoryEvents;
    assert.deepEqual(await history(), []);
    const kept = esc.service.schedules.of(base)[0];
    assert.ok(kept);
    // As if it had been made the day before yesterday: it is due now.
    esc.service.schedules.set({ ...kept, actedAt: kept.actedAt - 48 * 3_600_000 });
    await esc.service.runSchedules();
    assert.deepEqual(
      (await history()).map(({ result }) => result),
      ["succeeded"],
    );
    const [, changed] = await ask("PATCH", `/acme/web/base/schedules/${id}`, {
      scheduleOnce: "2099-01-01T00:00:00Z",
    });
    const { scheduleCron, scheduleOnce } = changed as Record<string, string>;
    assert.deepEqual([scheduleCron, scheduleOnce], ["", "2099-01-01T00:00:00Z"]);
    for (const [body, expected] of [
      [{}, 400],
      [{ scheduleCron: "daily" }, 400],
      [{ scheduleOnce: "soon" }, 400],
      [{ scheduleCron: "0 3 * * *", secretRotationRequest: { environmentPath: "a" } }, 501],
    ] as const) {
      assert.equal((await ask("POST", "/acme/web/base/schedules", body))[0], expected);
    }
    esc.service.delete(base);
    assert.deepEqual(esc.service.schedules.content(), [], "they go with their environment");
  });

  it("is changed by those only who may: settings by administrators, change requests by writers", async () => {
    esc.service.grants.set(base, "team:writers", "write");
    esc.service.grants.set(base, "team:readers", "read");
    const [, made] = await ask("POST", "/acme/web/base/drafts", "values: {a: 1}\n");
    const { changeRequestId } = made as { changeRequestId: string };
    const as = async (team: string, method: string, path: string) => {
      const token = strict.service.tokens.issue({ organization: "acme", type: "team", team });
      const headers = { authorization: `token ${token}` };
      return (await fetch(`${strict.url}/api${path}`, { method, headers, body: "{}" })).status;
    };
    const strict = await startService({
      memberPermission: "none",
      content: esc.service.store.content(),
      grants: esc.service.grants.content(),
    });
    try {
      const settings = "/esc/environments/acme/web/base/settings";
      const submit = `/change-requests/acme/${changeRequestId}/submit`;
      assert.deepEqual(
        [
          await as("writers", "PATCH", settings),
          await as("readers", "POST", submit),
          await as("writers", "POST", submit),
        ],
        [403, 404, 200],
      );
    } finally {
      await strict.stop();
    }
  });

  it("takes up what an older store kept, in which all this was missing", () => {
    const old = new EnvironmentStore();
    const revision = old.makeRevision(1, "values: {}\n");
    const store = new EnvironmentStore({
      content: {
        key: old.content().key,
        environments: [{ id: base, revisions: [revision], tags: new Map() }],
      },
    });
    const { deletionProtected, environmentTags, drafts, retractions } = store.find(base);
    assert.deepEqual(
      [deletionProtected, environmentTags.size, drafts.size, retractions.size],
      [false, 0, 0, 0],
    );
  });
});
