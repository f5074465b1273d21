import { setTimeout as delay } from "node:timers/promises";
import { AdapterError, type AdapterErrorCode } from "../errors";
import { readBody } from "../read-body";
import { createCache } from "./cache";
import type { ConnectContext, Fetch } from "./define-source";
import { addressOf, fits, type HttpCredential, type HttpRequest, type HttpUpstream } from "./http";
import { readMember } from "./member";
import type { ReadSecretText } from "./secret-reader";
import { fitShape, ShapeError } from "./shape";

/** How long a credential is used without a look at its entry; one that is refused is looked up at once. */
const CREDENTIAL_SECONDS = 60;
const DEFAULTS = { attempts: 3, attemptMilliseconds: 1_500, responseBytes: 262_144 };
/** Waits between attempts are random, so that callers who failed together do not come back together. */
const WAIT = { first: 100, most: 1_000 };
/** What another attempt may mend. */
const PASSING = new Set([429, 502, 503, 504]);

export interface HttpContext extends ConnectContext {
  /** What reads the upstreams' credentials. Absent where no upstream has one. */
  readonly readSecret?: ReadSecretText | undefined;
}

/**
 * The reading part of the HTTP source. It goes by `globalThis.fetch`, looked up at each call: the sandbox puts its own
 * there.
 */
export function createHttpFetch(
  upstreams: Readonly<Record<string, HttpUpstream>>,
  context: HttpContext,
): Fetch<HttpRequest> {
  const asking = new Map(
    Object.entries(upstreams).map(([name, upstream]) => [
      name,
      { upstream, credentials: createCredentials(upstream.credential, context) },
    ]),
  );
  return async (request, { signal }) => {
    const asked = asking.get(request.upstream);
    if (asked === undefined || !fits(asked.upstream, request)) {
      throw new AdapterError("request_invalid", "the request names no upstream with these parameters");
    }
    const { upstream, credentials } = asked;
    const address = addressOf(upstream, request);
    const headers = await credentials.current();
    try {
      return { value: await askPersistently(upstream, { address, headers, signal }) };
    } catch (error) {
      if (!(error instanceof RefusedCredential)) throw error;
      // It may have been changed since it was read.
      const fresh = await credentials.renewed();
      if (sameHeaders(headers, fresh)) throw error;
      return { value: await askPersistently(upstream, { address, headers: fresh, signal }) };
    }
  };
}

type Headers = Readonly<Record<string, string>>;

interface Asked {
  readonly address: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

/** 401 or 403. */
class RefusedCredential extends AdapterError {}

/** What another attempt may mend. */
class PassingFailure extends AdapterError {}

async function askPersistently(upstream: HttpUpstream, asked: Asked): Promise<unknown> {
  const { attempts = DEFAULTS.attempts } = upstream;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(upstream, asked);
    } catch (error) {
      if (asked.signal.aborted) throw new AdapterError("source_timeout", "the upstream took too long");
      if (!(error instanceof PassingFailure) || attempt >= attempts) throw error;
    }
    const most = Math.min(WAIT.first * 2 ** (attempt - 1), WAIT.most);
    await delay(Math.random() * most, undefined, { signal: asked.signal });
  }
}

async function ask(upstream: HttpUpstream, { address, headers, signal }: Asked): Promise<unknown> {
  const { attemptMilliseconds = DEFAULTS.attemptMilliseconds, format = "json" } = upstream;
  let text: string;
  try {
    const response = await fetch(address, {
      headers: {
        accept: format === "json" ? "application/json" : "text/plain, */*",
        // Nothing to unpack: what is compressed may be a thousand times as long as it looks.
        "accept-encoding": "identity",
        ...headers,
      },
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMilliseconds)]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw failureOf(response.status);
    }
    text = await readText(response, upstream.responseBytes ?? DEFAULTS.responseBytes);
  } catch (error) {
    if (error instanceof AdapterError) throw error;
    const name = error instanceof Error ? error.name : typeof error;
    const code = name === "TimeoutError" ? "source_timeout" : "source_unavailable";
    throw new PassingFailure(code, `the upstream could not be read: ${name}`, { cause: error });
  }
  return format === "text" ? text : readJson(text, upstream);
}

function failureOf(status: number): AdapterError {
  const why = `the upstream answered ${status}`;
  if (PASSING.has(status)) {
    return new PassingFailure(status === 429 ? "source_throttled" : "source_unavailable", why);
  }
  if (status === 401 || status === 403) return new RefusedCredential("source_denied", why);
  if (status === 404 || status === 410) return new AdapterError("source_not_found", why);
  return new AdapterError("source_unavailable", status >= 300 && status < 400 ? `${why}: it redirects` : why);
}

async function readText(response: Response, bytes: number): Promise<string> {
  const body = await readBody(response, bytes);
  if (body === undefined) {
    throw new AdapterError("source_too_large", `the upstream's answer is longer than ${bytes} bytes`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new AdapterError("source_not_text", "the upstream's answer is not UTF-8");
  }
}

function readJson(text: string, { response = "any" }: HttpUpstream): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AdapterError("source_not_json", "the upstream's answer is not JSON");
  }
  try {
    return fitShape(value, response);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new AdapterError(
      "source_invalid",
      `the upstream's answer is not what it should be: ${error.message}`,
    );
  }
}

interface Credentials {
  current(): Promise<Headers>;
  /** As its entry has it now. */
  renewed(): Promise<Headers>;
}

function createCredentials(
  credential: HttpCredential | undefined,
  { now, readSecret }: HttpContext,
): Credentials {
  if (credential === undefined || readSecret === undefined) {
    const none = async () => ({});
    return { current: none, renewed: none };
  }
  const cache = createCache<Headers>({ seconds: CREDENTIAL_SECONDS, entries: 1, now });
  let renewals = 0;
  const read = async () => headersOf(credential, await readSecret({ name: credential.entry }));
  const current = () => cache.get(String(renewals), read);
  return {
    current,
    renewed() {
      renewals += 1;
      return current();
    },
  };
}

function headersOf(
  { key, scheme = "bearer", header = "authorization" }: HttpCredential,
  text: string,
): Headers {
  const member = (name: string) => {
    const value = readMember(text, name);
    if (typeof value === "string") return value;
    throw unusable("source_not_text", "is not text");
  };
  const value = () => (key === undefined ? text : member(key));
  const sent = {
    bearer: () => `Bearer ${value()}`,
    plain: value,
    basic: () => `Basic ${Buffer.from(`${member("username")}:${member("password")}`).toString("base64")}`,
  }[scheme]();
  // Refused here, for fetch's own refusal quotes it.
  if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(sent))
    throw unusable("source_denied", "cannot stand in a header");
  return { [header]: sent };
}

function unusable(code: AdapterErrorCode, why: string): AdapterError {
  return new AdapterError(code, `the adapter's credential for the upstream ${why}`);
}

function sameHeaders(left: Headers, right: Headers): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
