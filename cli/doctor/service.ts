import { isMap } from "../../esc/is-map";
import type { EscConnection } from "../esc-client";

/** What the service says of itself and of whose token it is. */
export interface ServiceAnswer {
  readonly status: number;
  /** The service's clock, milliseconds since 1970; undefined when it does not tell. */
  readonly date: number | undefined;
  readonly login: string | undefined;
  readonly organizations: readonly string[];
}

const timeoutMs = 10_000;

/**
 * Asks who the token belongs to, which is the cheapest question that needs a valid one.
 * @returns why there is no answer, when there is none
 */
export async function askService(
  connection: EscConnection,
): Promise<ServiceAnswer | { readonly unreachable: string }> {
  const { url, accessToken } = connection;
  try {
    const response = await fetch(`${url.replace(/\/+$/, "")}/api/user`, {
      headers: { authorization: `token ${accessToken}`, accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const date = Date.parse(response.headers.get("date") ?? "");
    const user: unknown = await response.json().catch(() => undefined);
    const { githubLogin, organizations } = isMap(user) ? user : {};
    return {
      status: response.status,
      date: Number.isNaN(date) ? undefined : date,
      login: typeof githubLogin === "string" ? githubLogin : undefined,
      organizations: Array.isArray(organizations) ? organizations.flatMap(loginOf) : [],
    };
  } catch (error) {
    const { cause, name } = error as Error & { cause?: { code?: unknown } };
    return { unreachable: String(cause?.code ?? name) };
  }
}

function loginOf(organization: unknown): string[] {
  const login = isMap(organization) ? organization.githubLogin : undefined;
  return typeof login === "string" ? [login] : [];
}
