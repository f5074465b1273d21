import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { RouteTable } from "../routes";
import type { Issuer } from "./issuer";

/** Issuers that answer on loopback. */
export interface IssuerServer {
  /** The issuers' addresses to the loopback ones that stand for them. */
  readonly routes: RouteTable;
  close(): Promise<void>;
}

/** Serves the discovery documents and the keys of the issuers, and nothing else, on one loopback address. */
export async function startIssuerServer(issuers: readonly Issuer[], port = 0): Promise<IssuerServer> {
  const documents = new Map<string, () => unknown>();
  for (const issuer of issuers) {
    const root = pathOf(issuer);
    documents.set(`${root}/.well-known/openid-configuration`, () => issuer.discovery());
    documents.set(`${root}/.well-known/jwks`, () => issuer.jwks());
  }
  const server = createServer(async (request, response) => {
    const document = request.method === "GET" ? documents.get(request.url ?? "") : undefined;
    const body = document ? await document() : { message: "not found" };
    response.writeHead(document ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    routes: Object.fromEntries(issuers.map((issuer) => [issuer.url, address + pathOf(issuer)])),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** `/api.pulumi.com/oidc`: one address holds several issuers, told apart by their own. */
function pathOf({ url }: Issuer): string {
  return `/${url.replace(/^https:\/\//, "")}`;
}
