import { inTime } from "../deadline";
import { AdapterError } from "../errors";
import type {
  ConnectContext,
  ConnectedSource,
  FetchContext,
  JsonObject,
  PreparedCall,
  Source,
} from "./define-source";
import { files } from "./files";
import { http } from "./http";
import { parameterStore } from "./parameter-store";
import { secretsManager } from "./secrets-manager";

/** The sources every adapter can be configured with. */
export const builtInSources: readonly Source[] = [secretsManager, parameterStore, http, files];

/** Starts the sources that the configuration names, and only those: an unused client is never loaded. */
export async function connectSources(
  settings: Readonly<Record<string, unknown>>,
  sources: readonly Source[],
  context?: ConnectContext,
): Promise<ReadonlyMap<string, ConnectedSource>> {
  const configured = sources.filter(({ name }) => Object.hasOwn(settings, name));
  return new Map(
    await Promise.all(
      configured.map(
        async (source) => [source.name, await source.connect(settings[source.name], context)] as const,
      ),
    ),
  );
}

/**
 * Carries a call out and answers the JSON text of what it gives.
 *
 * @throws {AdapterError} source_timeout, source_unavailable, source_too_large, or what the source throws
 */
export async function fetchText(
  call: PreparedCall,
  limits: { readonly milliseconds: number; readonly bytes: number },
): Promise<string> {
  return renderAnswer(await fetchAnswer(call, limits.milliseconds), limits.bytes);
}

/**
 * Carries a call out, whatever its source does: one that ignores the signal is left behind, one that throws something
 * unforeseen is `source_unavailable`.
 *
 * @throws {AdapterError} source_timeout, source_unavailable, or what the source throws
 */
export async function fetchAnswer(call: PreparedCall, limit: number): Promise<JsonObject> {
  const milliseconds = Math.min(limit, call.timeoutMilliseconds ?? limit);
  const context = new Waiting();
  const answer = await inTime(
    () => call.fetch(context),
    milliseconds,
    () => {
      context.abort();
      return new AdapterError("source_timeout", `the source took longer than ${milliseconds} ms`);
    },
  ).catch((error: unknown) => {
    if (error instanceof AdapterError) throw error;
    throw failed(error);
  });
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) throw noObject();
  return answer;
}

/**
 * The JSON text of an answer, which is sent as a whole or not at all.
 *
 * @throws {AdapterError} source_unavailable, source_too_large
 */
export function renderAnswer(answer: JsonObject, bytes: number): string {
  const text = render(answer);
  if (Buffer.byteLength(text) > bytes) {
    throw new AdapterError("source_too_large", `the source's answer is longer than ${bytes} bytes`);
  }
  return text;
}

/** Makes its signal only for who asks: it costs a third of checking a signature. */
class Waiting implements FetchContext {
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller?.abort();
  }
}

/** All of it, before anything of it is sent. */
function render(answer: JsonObject): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(answer);
  } catch (error) {
    throw failed(error);
  }
  // `toJSON` may make something else of it.
  if (!text?.startsWith("{")) throw noObject();
  return text;
}

function failed(error: unknown): AdapterError {
  const name = error instanceof Error ? error.name : typeof error;
  return new AdapterError("source_unavailable", `the source failed: ${name}`, { cause: error });
}

function noObject(): AdapterError {
  return new AdapterError("source_unavailable", "the source did not answer a JSON object");
}
