import type { Logger } from "./audit/record";
import type { RouteConfig } from "./config";
import { inTime } from "./deadline";
import { AdapterError } from "./errors";

/** Reads one SSM parameter; undefined when it is not there. */
export type ReadParameter = (name: string) => Promise<string | undefined>;

/** At once when it is known. Rejects with AdapterError not_configured while it is not. */
export type Audience = () => string | Promise<string>;

/** Longer than the client needs for its two attempts. */
const READ_MILLISECONDS = 6_000;
/** An instance that started before the parameter was written looks again, but not at every request. */
const RETRY_MILLISECONDS = 2_000;

/**
 * The audience of a route: the configured one, or the text of one SSM parameter, which exists because a
 * function URL is known only after the function. Reading starts at once; once known it is never read again.
 */
export function createAudience(
  route: RouteConfig,
  options: { readonly readParameter: ReadParameter; readonly now: () => number; readonly log: Logger },
): Audience {
  const { audience, audienceParameter } = route;
  if (audience !== undefined) return () => audience;
  if (audienceParameter === undefined)
    throw new TypeError("a checked route has an audience or its parameter");

  let known: string | undefined;
  let pending: Promise<string | undefined> | undefined;
  let nextRead = 0;
  const read = (): Promise<string | undefined> => {
    if (pending === undefined || options.now() >= nextRead) {
      nextRead = Number.POSITIVE_INFINITY;
      const overrun = () => new AdapterError("not_configured", "the parameter did not come in time");
      const reading = inTime(() => options.readParameter(audienceParameter), READ_MILLISECONDS, overrun);
      pending = reading.catch((error: unknown) => {
        const name = error instanceof Error ? error.name : typeof error;
        options.log({
          level: "error",
          message: "notice",
          reason: `the audience parameter could not be read: ${name}`,
        });
        return undefined;
      });
      void pending.then((value) => {
        if (value) known = value;
        else nextRead = options.now() + RETRY_MILLISECONDS;
      });
    }
    return pending;
  };
  void read();
  const wait = async () => {
    const value = await read();
    if (value) return value;
    throw new AdapterError("not_configured", `the parameter ${audienceParameter} holds no audience yet`);
  };
  return () => known ?? wait();
}
