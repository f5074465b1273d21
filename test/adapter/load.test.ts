import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";
import { soak } from "../support/soak";
import { escClaims, HEADER, SECRET } from "./support/fixture";
import { forgeToken, type JwksServer, startJwksServer } from "./support/issuer";

const REQUESTS = 2_000;
/** How many more follow before memory is looked at again. */
const MORE = soak ? 20_000 : 2_000;
const BODY = JSON.stringify({ source: "vault", name: "database" });

interface Sent {
  readonly token: string;
  /** What has to come of it. */
  readonly outcome: string;
}

/** One of each kind in turn; signing is the slowest part of this test. */
function makeRequest(index: number): Sent {
  const sign = (claims: object, header = HEADER) =>
    forgeToken(header, JSON.stringify(escClaims(BODY, { ...claims })), "issuer");
  switch (index % 8) {
    case 1:
      return { token: sign({ org: "evil" }), outcome: "403 organization_denied" };
    case 2:
      return { token: sign({ current_env: "acme/app/prod" }), outcome: "403 access_denied" };
    case 3:
      return { token: `${sign({}).slice(0, -4)}AAAA`, outcome: "401 token_signature" };
    case 4:
      return { token: "not-a-token", outcome: "401 token_malformed" };
    case 5:
      return { token: sign({ exp: 2, iat: 1 }), outcome: "401 token_expired" };
    default:
      return { token: sign({}), outcome: "200 answered" };
  }
}

// Proves that many at once get each their own answer, that nothing is left of them, and that the server ends by itself.
describe("the Node server under two thousand requests at once", () => {
  let jwks: JwksServer;
  let child: ChildProcess;
  let port: number;
  const agent = new Agent({ keepAlive: true, maxSockets: REQUESTS });
  before(async () => {
    jwks = await startJwksServer();
    child = fork(path.join(__dirname, "support/server-child.ts"), {
      execArgv: ["--require", "tsx", "--expose-gc"],
      env: { PATH: process.env.PATH },
    });
    port = (await tell({ jwksUri: jwks.uri })) as number;
  });
  after(async () => {
    agent.destroy();
    if (child.exitCode === null) child.kill("SIGKILL");
    await jwks.close();
  });

  async function tell(message: object | "memory"): Promise<unknown> {
    child.send(message);
    return (await once(child, "message"))[0];
  }

  async function send({ token }: Sent): Promise<string> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const outgoing = httpRequest({ host: "127.0.0.1", port, path: "/open", method: "POST", headers, agent });
    outgoing.end(BODY);
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    const body = await text(incoming);
    if (incoming.statusCode !== 200) return `${incoming.statusCode} ${JSON.parse(body).code}`;
    assert.equal(body, JSON.stringify({ value: SECRET }));
    return "200 answered";
  }

  it("gives no wrong answer, to the valid, the invalid and the repeated", async () => {
    const requests = Array.from({ length: REQUESTS / 2 }, (_, index) => makeRequest(index));
    // Each twice, all at once: of a valid token's two uses one is answered.
    const outcomes = await Promise.all([...requests, ...requests].map(send));
    for (const [index, { outcome }] of requests.entries()) {
      const got = [outcomes[index], outcomes[index + requests.length]].sort();
      const expected = outcome === "200 answered" ? [outcome, "401 token_replayed"] : [outcome, outcome];
      assert.deepEqual(got, expected);
    }
  });

  it("holds no more memory after thousands more", async function () {
    if (soak) this.timeout(120_000);
    const requests = Array.from({ length: 200 }, (_, index) => makeRequest(index));
    const before = (await tell("memory")) as number;
    for (let sent = 0; sent < MORE; sent += 1_000) {
      await Promise.all(Array.from({ length: 1_000 }, (_, i) => send(requests[i % 200] as Sent)));
    }
    const grown = ((await tell("memory")) as number) - before;
    assert.ok(grown < 2_000_000, `${grown} bytes more after ${MORE} requests`);
  });

  it("ends by itself when it is told to stop", async () => {
    agent.destroy();
    child.send("stop");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});
