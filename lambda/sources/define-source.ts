import * as z from "zod/mini";
import { AdapterError } from "../errors";
import { describeIssues } from "../issues";
import { createCache } from "./cache";
import type { SourcePlace, SourceStatement } from "./statements";

/** A JSON object, as ESC wants answers to be. */
export type JsonObject = { readonly [name: string]: unknown };

/** A source of the adapter, for `defineSource`: what can be asked, who reads it, and what reading takes. */
export interface SourceDefinition<Settings, Request> {
  /** How requests, access rules and the configuration's `sources` call it. */
  readonly name: string;
  /** What the configuration may say under `sources.<name>`. Default: nothing, `{}`. */
  readonly settings?: z.ZodMiniType<Settings>;
  /** What `fn::open::external`'s `request` may hold, without `source`. Make it a `z.strictObject`. */
  readonly request: z.ZodMiniType<Request>;
  /** What the access rules judge: every single thing that the request reads, at least one. */
  readonly names: (request: Request) => readonly string[];
  /**
   * The IAM statements that reading takes, each with exact resources: `AdapterLambda` puts them into its role. It calls
   * this at deployment, so nothing but the settings and the place can be asked. @default none
   */
  readonly statements?: (settings: Settings, place: SourcePlace) => readonly SourceStatement[];
  /** How long a reading may take and its answer may be used. @default {} */
  readonly policy?: (settings: Settings) => SourcePolicy;
  /**
   * Called once at start, only when the source is configured: load clients here, by `import()`. What it
   * answers reads one request; it should pass `signal` on and throw `AdapterError` with a `source_…` code.
   */
  readonly connect: (settings: Settings, context: ConnectContext) => Promise<Fetch<Request>>;
}

/** What holds for every reading of a source. */
export interface SourcePolicy {
  /** Longest wait for one reading; `limits.sourceMilliseconds` holds besides. @default that limit alone */
  readonly timeoutMilliseconds?: number | undefined;
  /**
   * For how many seconds after it was asked for an answer is given again to the same request, whoever asks: access is
   * judged each time. Who asks meanwhile waits for the same reading. Failures are not kept. @default 0, never
   */
  readonly cacheSeconds?: number | undefined;
}

/** What surrounds a source. */
export interface ConnectContext {
  /** The adapter's clock, milliseconds since 1970. */
  readonly now: () => number;
}

/** Reads what `request` names. The answer becomes ESC's `response`. */
export type Fetch<Request> = (request: Request, context: FetchContext) => Promise<JsonObject>;

/** What surrounds a reading. */
export interface FetchContext {
  /** Aborted when nobody waits any longer. */
  readonly signal: AbortSignal;
}

/** A source as the adapter holds it, whatever its types. */
export interface Source {
  readonly name: string;
  readonly settings: z.ZodMiniType;
  /**
   * What rules have to list for a request.
   *
   * @throws {AdapterError} request_invalid
   */
  names(request: unknown): readonly string[];
  /** Of settings that fit. */
  statements(settings: unknown, place: SourcePlace): readonly SourceStatement[];
  connect(settings: unknown, context?: ConnectContext): Promise<ConnectedSource>;
}

export interface ConnectedSource {
  /** @throws {AdapterError} request_invalid */
  prepare(request: unknown): PreparedCall;
}

/** A request that fits its source and has not been carried out. */
export interface PreparedCall {
  readonly names: readonly string[];
  /** The source's own limit. */
  readonly timeoutMilliseconds?: number | undefined;
  fetch(context: FetchContext): Promise<JsonObject>;
}

/** How long a reading that several wait for may take where its source sets no limit: the longest there can be. */
const SHARED_MILLISECONDS = 30_000;
/** How many answers are kept for each source; the least recently read go first. */
const KEPT_ANSWERS = 100;

/** Makes a source out of its parts: the schemas, the time limit and the cache are put around the author's functions. */
export function defineSource<Settings, Request>(definition: SourceDefinition<Settings, Request>): Source {
  const { name, names } = definition;
  const settingsSchema = definition.settings ?? (z.strictObject({}) as unknown as z.ZodMiniType<Settings>);
  const parse = (untrusted: unknown): Request => {
    const parsed = definition.request.safeParse(untrusted);
    if (parsed.success) return parsed.data;
    const where = describeIssues(parsed.error.issues, "request").join("; ");
    throw new AdapterError("request_invalid", `the request does not fit the source ${name}: ${where}`);
  };
  return {
    name,
    settings: settingsSchema,
    names: (request) => names(parse(request)),
    statements: (settings, place) => definition.statements?.(settingsSchema.parse(settings), place) ?? [],
    async connect(untrusted, context = { now: Date.now }) {
      const settings = settingsSchema.parse(untrusted);
      const { timeoutMilliseconds, cacheSeconds = 0 } = definition.policy?.(settings) ?? {};
      const fetch = await definition.connect(settings, context);
      const cache = createCache<JsonObject>({
        seconds: cacheSeconds,
        entries: KEPT_ANSWERS,
        now: context.now,
      });
      // Not the signal of who asked first: others may be waiting when that one gives up.
      const fetchForAll = (request: Request) =>
        fetch(request, { signal: AbortSignal.timeout(timeoutMilliseconds ?? SHARED_MILLISECONDS) });
      return {
        prepare(untrusted) {
          const request = parse(untrusted);
          return {
            names: names(request),
            timeoutMilliseconds,
            fetch: (context) =>
              cacheSeconds === 0
                ? fetch(request, context)
                : cache.get(JSON.stringify(request), () => fetchForAll(request)),
          };
        },
      };
    },
  };
}
