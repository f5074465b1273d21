import * as z from "zod/mini";
import { isPattern } from "../access/pattern";
import { isHttpsOrLoopback } from "../urls";
import { defineSource, type Source } from "./define-source";
import { describeParameter, describePathTemplate, fillPath, parametersOf } from "./http-path";
import { type Shape, shape } from "./shape";
import { readSecretStatements } from "./statements";

/** One system behind the adapter, and the one thing that is asked of it: `GET` on a path. */
export interface HttpUpstream {
  /** `https://host` or `https://host:port`: the only place that is ever asked. http only on a loopback address. */
  readonly origin: string;
  /** `/v1/secrets/{name}`: each parameter is one whole segment. */
  readonly path: string;
  /** What it is asked with. Absent: nothing. */
  readonly credential?: HttpCredential | undefined;
  /** `json` answers what is parsed, `text` the text. @default "json" */
  readonly format?: "json" | "text" | undefined;
  /** What JSON has to be; what it does not name is not passed on. @default "any" */
  readonly response?: Shape | undefined;
  /** Longest answer, in bytes: 1 to 1048576. @default 262144 */
  readonly responseBytes?: number | undefined;
  /** How often it is asked at most: 1 to 5. @default 3 */
  readonly attempts?: number | undefined;
  /** How long one attempt may take, the whole answer read: 50 to 30000. @default 1500 */
  readonly attemptMilliseconds?: number | undefined;
}

/** Where the adapter's own credential for an upstream lies, and how it is sent. */
export interface HttpCredential {
  /** Name or ARN of the Secrets Manager entry. */
  readonly entry: string;
  /** Member of the entry's JSON object. Absent: the whole text; for `basic` the members `username` and `password`. */
  readonly key?: string | undefined;
  /** `bearer`: `Bearer <credential>`; `basic`: user and password (RFC 7617); `plain`: as it is. @default "bearer" */
  readonly scheme?: "bearer" | "basic" | "plain" | undefined;
  /** @default "authorization" */
  readonly header?: string | undefined;
}

export interface HttpSettings {
  readonly upstreams: Readonly<Record<string, HttpUpstream>>;
  /** For how many seconds an answer is given again to the same request: 0 to 300. @default 0 */
  readonly cacheSeconds?: number | undefined;
}

export interface HttpRequest {
  readonly upstream: string;
  /** Absent: none. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

const text = z.string().check(z.minLength(1), z.maxLength(2048));
/** Nothing that stands between it and the parameters in what rules list. */
const upstreamName = z.string().check(z.maxLength(128), z.regex(/^[\w.-]+$/));
const whole = (least: number, most: number) => z.int().check(z.minimum(least), z.maximum(most));
const template = text.check(
  z.refine((value) => describePathTemplate(value) === undefined, {
    error: ({ input }) => describePathTemplate(input as string) ?? "",
  }),
);
const parameter = z.string().check(
  z.maxLength(1024),
  z.refine((value) => describeParameter(value) === undefined, {
    error: ({ input }) => describeParameter(input as string) ?? "",
  }),
);
const origin = text.check(
  z.refine((value) => isHttpsOrLoopback(value) && new URL(value).origin === value, {
    error: "must be https://host or https://host:port, without a path (http only on a loopback address)",
  }),
);
/** RFC 9110, section 5.6.2. What frames the request is not for a credential. */
const header = text.check(
  z.refine((value) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(value) && !FRAMING.has(value), {
    error: "must be the name of a header in lower case",
  }),
);
const FRAMING = new Set(["accept", "accept-encoding", "connection", "content-length", "host", "te"]).add(
  "transfer-encoding",
);

const upstream: z.ZodMiniType<HttpUpstream> = z.strictObject({
  origin,
  path: template,
  credential: z.optional(
    z.strictObject({
      entry: text.check(z.refine((value) => !isPattern(value), { error: "must be one entry" })),
      key: z.optional(text),
      scheme: z.optional(z.enum(["bearer", "basic", "plain"])),
      header: z.optional(header),
    }),
  ),
  format: z.optional(z.enum(["json", "text"])),
  response: z.optional(shape),
  responseBytes: z.optional(whole(1, 1_048_576)),
  attempts: z.optional(whole(1, 5)),
  attemptMilliseconds: z.optional(whole(50, 30_000)),
});

/** The path behind the upstream's name, which is that of the settings: hence also what the request has to hold. */
export function nameOf({ upstream, parameters = {} }: HttpRequest): string {
  const values = Object.keys(parameters).sort();
  return [upstream, ...values.map((name) => `${name}=${encodeURIComponent(parameters[name] ?? "")}`)].join(
    "/",
  );
}

/**
 * Asks a system of one's own by HTTP: `{ upstream, parameters? }` answers `{ "value": … }`. The host and the path are the
 * configuration's, the request fills whole segments of the path and nothing else, and redirects are not followed.
 *
 * Rules list `<upstream>`, and behind it each parameter in alphabetical order as `/<name>=<value>`, percent-encoded:
 * `legacy/name=database`, `legacy/name=*`.
 */
export const http: Source = defineSource<HttpSettings, HttpRequest>({
  name: "http",
  settings: z.strictObject({
    upstreams: z.record(upstreamName, upstream),
    cacheSeconds: z.optional(whole(0, 300)),
  }),
  request: z.strictObject({
    upstream: upstreamName,
    parameters: z.optional(z.record(z.string().check(z.regex(/^\w+$/)), parameter)),
  }),
  names: (request) => [nameOf(request)],
  statements: ({ upstreams }, place) =>
    readSecretStatements(
      place,
      Object.values(upstreams).flatMap(({ credential }) => credential?.entry ?? []),
      { exact: "ReadCredentials", pattern: "ReadCredentials" },
    ),
  policy: ({ cacheSeconds }) => ({ cacheSeconds }),
  connect: async ({ upstreams }, { now }) => {
    const { createHttpFetch } = await import("./http-fetch.js");
    const withCredential = Object.values(upstreams).some(({ credential }) => credential !== undefined);
    const readSecret = withCredential
      ? (await import("./secret-reader.js")).createSecretReader({ now })
      : undefined;
    return createHttpFetch(upstreams, { now, readSecret });
  },
});

/** Whether a request names exactly the parameters of the upstream's path. */
export function fits({ path }: HttpUpstream, { parameters = {} }: HttpRequest): boolean {
  const wanted = parametersOf(path);
  return (
    wanted.length === Object.keys(parameters).length &&
    wanted.every((name) => Object.hasOwn(parameters, name))
  );
}

/** The full address of a request that fits. */
export function addressOf({ origin, path }: HttpUpstream, { parameters = {} }: HttpRequest): string {
  return origin + fillPath(path, parameters);
}
