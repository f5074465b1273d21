import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createAuditLog } from "./audit/log";
import type { AdapterConfig } from "./config";
import { type AdapterOptions, createAdapter } from "./core";
import { inTime } from "./deadline";
import { AdapterConfigError, AdapterError } from "./errors";
import { type Adapter, type AdapterRequest, type AdapterResponse, jsonResponse } from "./http";

/**
 * The part of payload format 2.0 that is read; function URLs and HTTP APIs send the same.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export interface HttpEvent {
  readonly version: string;
  readonly rawPath: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: { readonly requestId?: string; readonly http: { readonly method: string } };
}

/** What Lambda makes an HTTP response of. */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** The part of Lambda's context that is read. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** What somebody who may invoke the function sends it, instead of a request: something to do with rotations. */
export interface OperationEvent {
  /** @see Operation */
  readonly escapement: unknown;
}

/** What Lambda calls. An operation is answered by a plain object. */
export interface LambdaHandler {
  (event: HttpEvent, context?: LambdaContext): Promise<HttpResult>;
  (event: OperationEvent, context?: LambdaContext): Promise<object>;
}

/** Of the time that Lambda leaves, what is kept for saying that the adapter has not started. */
const RESERVE_MILLISECONDS = 250;

/**
 * Turns payload 2.0 events into requests for an adapter. An event that Lambda did not make out of a request may be an
 * operation, which only an adapter that rotates knows. Any other event is refused.
 */
export function createHandler(adapter: Adapter | Promise<Adapter>): LambdaHandler {
  const handler = async (event: HttpEvent | OperationEvent, context?: LambdaContext): Promise<object> => {
    if (isOperation(event)) {
      const { operate } = await adapter;
      if (operate !== undefined) return operate(event.escapement);
    }
    const request = toRequest(event, context);
    if (request === undefined) {
      return toResult(jsonResponse(400, { code: "request_invalid", requestId: randomUUID() }));
    }
    return toResult(await (await started(adapter, context))(request));
  };
  return handler as LambdaHandler;
}

/** Lambda itself writes the members of what comes by an address: `requestContext` is always among them. */
function isOperation(event: HttpEvent | OperationEvent): event is OperationEvent {
  return typeof event === "object" && event !== null && "escapement" in event && !("requestContext" in event);
}

/**
 * Starts the adapter of a deployed function: `config.json` lies in `folder`, beside the bundle. A configuration
 * that is wrong fails the function's start, with every problem in its log.
 *
 * @throws {AdapterConfigError}
 */
export async function startFromFolder(
  folder: string,
  options: Omit<AdapterOptions, "config"> = {},
): Promise<Adapter> {
  const config = JSON.parse(readFileSync(path.join(folder, "config.json"), "utf8")) as AdapterConfig;
  if (config.replay?.store === "memory") {
    throw new AdapterConfigError(["config.replay.store: must be dynamodb: Lambda runs many instances"]);
  }
  if (config.sources?.files !== undefined) {
    throw new AdapterConfigError(["config.sources.files: is for the Node server: a function has no files"]);
  }
  const service = process.env.AWS_LAMBDA_FUNCTION_NAME ?? "escapement-adapter";
  return createAdapter({ log: createAuditLog({ service, metrics: true }), ...options, config });
}

/** A source that never connects is told of, instead of being cut off by Lambda without a word. */
async function started(adapter: Adapter | Promise<Adapter>, context?: LambdaContext): Promise<Adapter> {
  if (context === undefined) return adapter;
  const refusal = () => new AdapterError("not_configured", "the adapter has not started in time");
  const time = context.getRemainingTimeInMillis() - RESERVE_MILLISECONDS;
  return inTime(async () => adapter, time, refusal).catch((error: unknown) => {
    if (!(error instanceof AdapterError)) throw error;
    const { status, code } = error;
    return async ({ requestId }) => jsonResponse(status, { code, requestId });
  });
}

function toRequest(
  untrusted: HttpEvent | OperationEvent,
  context: LambdaContext | undefined,
): AdapterRequest | undefined {
  const event = untrusted as HttpEvent;
  const method = event?.requestContext?.http?.method;
  if (event?.version !== "2.0" || typeof method !== "string" || typeof event.rawPath !== "string") {
    return undefined;
  }
  return {
    method,
    path: event.rawPath,
    // In payload 2.0 their names are lower case already.
    headers: event.headers ?? {},
    // Whether a body arrives as base64 depends on its content type and the front door: only the flag tells.
    body: Buffer.from(event.body ?? "", event.isBase64Encoded === true ? "base64" : "utf8"),
    requestId: event.requestContext.requestId ?? randomUUID(),
    ...(context !== undefined && { remainingMilliseconds: context.getRemainingTimeInMillis() }),
  };
}

function toResult({ status, headers, body }: AdapterResponse): HttpResult {
  return { statusCode: status, headers, body, isBase64Encoded: false };
}
