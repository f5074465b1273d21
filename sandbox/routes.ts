/** Addresses that the deployed code knows, to the loopback addresses that stand for them. */
export type RouteTable = Readonly<Record<string, string>>;

/** A request went to an address that nothing on the laptop stands for. Nothing leaves the laptop. */
export class RouteError extends Error {
  override readonly name = "RouteError";
  readonly code = "ERR_SANDBOX_NO_ROUTE";
  /** The origin asked for. */
  readonly origin: string;

  constructor(origin: string) {
    super(`sandbox: no route to ${origin}`);
    this.origin = origin;
  }
}

/**
 * The map from the internet to the laptop. A known address is an origin or a URL under one; the longest that
 * fits decides: `https://api.pulumi.com/oidc` may lead elsewhere than `https://api.pulumi.com`.
 */
export class Routes {
  private readonly targets = new Map<string, string>();

  constructor(table: RouteTable = {}) {
    for (const [known, target] of Object.entries(table)) this.set(known, target);
  }

  /** Leads `known` to `target`, which has to be a loopback address. */
  set(known: string, target: string): this {
    if (!/^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/.test(target)) {
      throw new TypeError("a route may only lead to a loopback address");
    }
    this.targets.set(withoutEnd(known), withoutEnd(target));
    return this;
  }

  /** For a child process, which makes its own `Routes` of it. */
  toJSON(): RouteTable {
    return Object.fromEntries(this.targets);
  }

  /**
   * Where a request for this address goes.
   * @throws {RouteError} ERR_SANDBOX_NO_ROUTE
   */
  resolve(address: string | URL): URL {
    const url = new URL(address);
    const wanted = url.origin + url.pathname;
    const known = [...this.targets.keys()]
      .filter((candidate) => wanted === candidate || wanted.startsWith(`${candidate}/`))
      .sort((a, b) => b.length - a.length)[0];
    if (known === undefined) throw new RouteError(url.origin);
    return new URL(this.targets.get(known) + wanted.slice(known.length) + url.search);
  }

  /** A `fetch` that knows only these routes. It follows no redirect: one could lead out of the table. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    return globalThis.fetch(new Request(this.resolve(request.url), request), { redirect: "error" });
  };
}

function withoutEnd(address: string): string {
  return address.replace(/\/$/, "");
}
