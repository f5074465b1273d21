import { AdapterError } from "../errors";
import type { ConnectedSource, JsonObject, PreparedCall, Source } from "./define-source";
import { secretsManager } from "./secrets-manager";

/** The sources every adapter can be configured with. */
export const builtInSources: readonly Source[] = [secretsManager];

/** Starts the sources that the configuration names, and only those: an unused client is never loaded. */
export async function connectSources(
  settings: Readonly<Record<string, unknown>>,
  sources: readonly Source[],
): Promise<ReadonlyMap<string, ConnectedSource>> {
  const configured = sources.filter(({ name }) => Object.hasOwn(settings, name));
  return new Map(
    await Promise.all(
      configured.map(async (source) => [source.name, await source.connect(settings[source.name])] as const),
    ),
  );
}

/**
 * Carries a call out, whatever its source does: one that ignores the signal is left behind, one that throws
 * something unforeseen is `source_unavailable`.
 *
 * @throws {AdapterError} source_timeout, source_unavailable, or what the source throws
 */
export async function fetchInTime(call: PreparedCall, milliseconds: number): Promise<JsonObject> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const overrun = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AdapterError("source_timeout", `the source took longer than ${milliseconds} ms`));
      controller.abort();
    }, milliseconds);
  });
  try {
    const answer = await Promise.race([call.fetch(controller.signal), overrun]);
    if (typeof answer !== "object" || answer === null || Array.isArray(answer)) {
      throw new AdapterError("source_unavailable", "the source did not answer a JSON object");
    }
    return answer;
  } catch (error) {
    if (error instanceof AdapterError) throw error;
    const name = error instanceof Error ? error.name : typeof error;
    throw new AdapterError("source_unavailable", `the source failed: ${name}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
