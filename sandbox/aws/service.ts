import type { Session } from "./account";
import { AwsError, constraint } from "./errors";
import type { AwsReply, AwsRequest } from "./http";
import { jsonReply, type Protocol } from "./protocol";

/** One request on its way through a service. */
export interface AwsCall {
  readonly operation: string;
  readonly request: AwsRequest;
  readonly requestId: string;
  /** The region that the request was signed for. */
  readonly region: string;
  /** Who signed. Undefined only for operations that take no signature. */
  readonly caller: Session | undefined;
}

/** One of AWS's services, as the endpoint sees it. */
export interface AwsService {
  /** The name in the credential scope of its signatures. */
  readonly signingName: string;
  readonly protocol: Protocol;
  /** Operations that take no signature. */
  readonly unsigned?: readonly string[];
  /** @throws {AwsError} what the caller is told. */
  handle(call: AwsCall): Promise<AwsReply> | AwsReply;
}

/** An operation of a JSON service. What it returns is the answer's body. */
export type JsonOperation = (input: JsonInput, call: SignedCall) => object | Promise<object>;

/** A call whose signature held. */
export type SignedCall = AwsCall & { readonly caller: Session };

export function isSigned(call: AwsCall): call is SignedCall {
  return call.caller !== undefined;
}

/** The `handle` of a service whose operations are a table of functions from JSON to JSON. */
export function jsonHandler(
  protocol: Protocol,
  operations: Readonly<Record<string, JsonOperation>>,
): AwsService["handle"] {
  return async (call) => {
    const operation = Object.hasOwn(operations, call.operation) ? operations[call.operation] : undefined;
    if (!operation) throw notImplemented(protocol, call.operation);
    if (!isSigned(call)) throw new AwsError(protocol.faults.missing, "Missing Authentication Token");
    return jsonReply(await operation(new JsonInput(call.request.body), call));
  };
}

/** What AWS has and the sandbox has not is said by name, and is no silent success. */
export function notImplemented(protocol: Protocol, operation: string): AwsError {
  return new AwsError(protocol.unknownOperation, `sandbox: the operation ${operation} is not implemented`);
}

/**
 * The body of a JSON request, read member by member. Messages name the member and what is wrong with it, in
 * AWS's words, and never its value: any member may be a secret.
 */
export class JsonInput {
  private readonly members: Readonly<Record<string, unknown>>;

  /** @throws {SerializationException} the body is no JSON object. */
  constructor(body: Uint8Array) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(Buffer.from(body).toString("utf8"));
    } catch {
      throw new AwsError("SerializationException", "The request body is not JSON.");
    }
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      throw new AwsError("SerializationException", "Start of structure or map found where not expected.");
    }
    this.members = parsed as Record<string, unknown>;
  }

  text(name: string, length: { min?: number; max?: number } = {}): string | undefined {
    const value = this.read(name, "string");
    if (typeof value !== "string") return undefined;
    if (length.min !== undefined && value.length < length.min) {
      throw constraint(name, `Member must have length greater than or equal to ${length.min}`);
    }
    if (length.max !== undefined && value.length > length.max) {
      throw constraint(name, `Member must have length less than or equal to ${length.max}`);
    }
    return value;
  }

  requiredText(name: string, length: { min?: number; max?: number } = {}): string {
    const value = this.text(name, length);
    if (value === undefined) throw constraint(name, "Member must not be null");
    return value;
  }

  integer(name: string, range: { min: number; max: number }): number | undefined {
    const value = this.read(name, "number");
    if (typeof value !== "number") return undefined;
    if (!Number.isInteger(value)) throw wrongType();
    if (value < range.min) {
      throw constraint(name, `Member must have value greater than or equal to ${range.min}`);
    }
    if (value > range.max)
      throw constraint(name, `Member must have value less than or equal to ${range.max}`);
    return value;
  }

  flag(name: string): boolean {
    return this.read(name, "boolean") === true;
  }

  texts(name: string, count: { min: number; max: number }): string[] | undefined {
    const value = this.members[name];
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw wrongType();
    if (value.length < count.min || value.length > count.max) {
      const bound = value.length < count.min ? "greater" : "less";
      const limit = value.length < count.min ? count.min : count.max;
      throw constraint(name, `Member must have length ${bound} than or equal to ${limit}`);
    }
    return value;
  }

  /** A list of structures. */
  objects(name: string): Record<string, unknown>[] {
    const value = this.members[name] ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "object" && item !== null)) {
      throw wrongType();
    }
    return value;
  }

  private read(name: string, type: "string" | "number" | "boolean"): unknown {
    const value = this.members[name];
    if (value === undefined || value === null) return undefined;
    const actual: string = typeof value;
    if (actual !== type) throw wrongType();
    return value;
  }
}

function wrongType(): AwsError {
  return new AwsError("SerializationException", "A member of the request has the wrong type.");
}
