import {
  type ServerUnaryCall,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { FailureCode } from "./deployment";
import type { DeploymentRecord } from "./record";

/** The engine will not do what the program asks: it is recorded as the deployment's failure. */
export class Refusal extends Error {
  readonly code: FailureCode;
  readonly urn: string | undefined;

  constructor(code: FailureCode, message: string, urn?: string) {
    super(message);
    this.code = code;
    this.urn = urn;
  }
}

/** The deployment has failed already: nothing more is done, and nothing more is said. */
export class Ended extends Error {}

/** An error that belongs to the program: it is told, and may catch it. */
export class ProgramError extends Error {}

/**
 * The messages of two copies of Pulumi's protocol are not the same classes, and a server needs none of their
 * types: a handler says what it takes and gives.
 */
export type Handler<Request, Response> = (request: Request) => Promise<Response> | Response;

/** What a refused call is told; an error of the program that only repeats it is noise. */
export const endedDetails = "the deployment has failed";

/** Counts the calls that are being answered, so that a program that does nothing any more can be told. */
export class Activity {
  #running = 0;
  #waiting: (() => void) | undefined;
  onIdle: () => void = () => {};
  onBusy: () => void = () => {};

  begin(): void {
    this.#running += 1;
    this.onBusy();
  }

  end(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    this.onIdle();
    this.#waiting?.();
  }

  /** When no call is being answered any more: a provider that is at work is not interrupted. */
  async settled(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
  }
}

/**
 * Turns handlers into a gRPC service. Every method of the service that has no handler is refused by name.
 *
 * A refused call is answered UNAVAILABLE: to Pulumi's SDK that means "the engine is shutting down", so the program
 * ends quietly, and with exit code 0. That is why the refusal is recorded here, whatever the exit code.
 */
export function implementService(options: {
  readonly service: object;
  // biome-ignore lint/suspicious/noExplicitAny: each method has its own pair of messages
  readonly handlers: Readonly<Record<string, Handler<any, any>>>;
  readonly record: DeploymentRecord;
  readonly activity: Activity;
}): UntypedServiceImplementation {
  const { service, handlers, record, activity } = options;
  const methods = Object.keys(service).map((method) => {
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    const answer = async (call: ServerUnaryCall<unknown, unknown>, done: sendUnaryData<unknown>) => {
      activity.begin();
      try {
        if (handler === undefined)
          throw new Refusal("ERR_ENGINE_REFUSED", refusedMethod(method, call.request));
        done(null, await handler(call.request));
      } catch (error) {
        done(toStatus(error, record));
      } finally {
        activity.end();
      }
    };
    return [method, answer] as const;
  });
  return Object.fromEntries(methods);
}

function toStatus(error: unknown, record: DeploymentRecord): { code: status; details: string } {
  if (error instanceof ProgramError) {
    return { code: status.UNKNOWN, details: record.redactor.redact(error.message) };
  }
  if (error instanceof Refusal) {
    record.fail(error.code, error.message, error.urn);
  } else if (!(error instanceof Ended)) {
    record.fail(
      "ERR_ENGINE_INTERNAL",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }
  return { code: status.UNAVAILABLE, details: endedDetails };
}

/** Requests that name what they are about are refused by that name too. */
function refusedMethod(method: string, request: unknown): string {
  const { getTok, getName } = request as { getTok?: () => string; getName?: () => string };
  const subject = getTok?.call(request) ?? getName?.call(request);
  return `the engine does not know ${method}${subject ? ` (${subject})` : ""}`;
}
