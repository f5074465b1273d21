import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An old system of a team's own, which speaks HTTP and nothing that ESC knows. */
export interface LegacySystem {
  /** On loopback. */
  readonly url: string;
  /** What callers have to bring, as `Authorization: Bearer`. */
  readonly token: string;
  /** By account. */
  readonly apiKeys: Readonly<Record<string, string>>;
  /** How often it has been asked. */
  readonly requests: () => number;
  stop(): Promise<void>;
}

/** Starts one that answers `GET /accounts/<account>/api-key`, with keys made up anew. */
export async function startLegacySystem(accounts: readonly string[]): Promise<LegacySystem> {
  const token = randomBytes(24).toString("base64url");
  const apiKeys = Object.fromEntries(
    accounts.map((account) => [account, randomBytes(18).toString("base64url")]),
  );
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const [, account = ""] = /^\/accounts\/([^/]+)\/api-key$/.exec(request.url ?? "") ?? [];
    const apiKey = Object.hasOwn(apiKeys, account) ? apiKeys[account] : undefined;
    const answer = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${token}`) answer(401, {});
    else if (apiKey === undefined) answer(404, {});
    // More than anybody asked for, as old systems do.
    else answer(200, { apiKey, owner: account, internal: { host: "db-7" } });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    apiKeys,
    requests: () => requests,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
