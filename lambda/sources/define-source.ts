import * as z from "zod/mini";
import { AdapterError } from "../errors";
import { describeIssues } from "../issues";

/** A JSON object, as ESC wants answers to be. */
export type JsonObject = { readonly [name: string]: unknown };

/** A source of the adapter, for `defineSource`: what can be asked, and who reads it. */
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
   * Called once at start, only when the source is configured: load clients here, by `import()`. What it
   * answers reads one request; it should pass `signal` on and throw `AdapterError` with a `source_…` code.
   */
  readonly connect: (settings: Settings) => Promise<Fetch<Request>>;
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
  connect(settings: unknown): Promise<ConnectedSource>;
}

export interface ConnectedSource {
  /** @throws {AdapterError} request_invalid */
  prepare(request: unknown): PreparedCall;
}

/** A request that fits its source and has not been carried out. */
export interface PreparedCall {
  readonly names: readonly string[];
  fetch(context: FetchContext): Promise<JsonObject>;
}

/** Makes a source out of its parts: the schemas are applied around the author's functions. */
export function defineSource<Settings, Request>(definition: SourceDefinition<Settings, Request>): Source {
  const { name, names } = definition;
  const settingsSchema = definition.settings ?? (z.strictObject({}) as unknown as z.ZodMiniType<Settings>);
  return {
    name,
    settings: settingsSchema,
    async connect(settings) {
      const fetch = await definition.connect(settingsSchema.parse(settings));
      return {
        prepare(untrusted) {
          const parsed = definition.request.safeParse(untrusted);
          if (!parsed.success) {
            const where = describeIssues(parsed.error.issues, "request").join("; ");
            throw new AdapterError(
              "request_invalid",
              `the request does not fit the source ${name}: ${where}`,
            );
          }
          const request = parsed.data;
          return { names: names(request), fetch: (context) => fetch(request, context) };
        },
      };
    },
  };
}
