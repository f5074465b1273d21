import type { Authorizer } from "../authorize";
import { AwsError } from "../errors";
import { findFunction, type LambdaFunction } from "../functions";
import { headerOf } from "../http";
import { jsonErrors, jsonReply, type Protocol } from "../protocol";
import { type AwsService, isSigned, notImplemented } from "../service";

/** Runs a function, and tells what its handler answered; undefined when it failed. */
export type InvokeFunction = (
  fn: LambdaFunction,
  event: object,
) => Promise<{ readonly result: unknown } | undefined>;

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;

/** REST with JSON: the operation is method and path, an error's code is in a header. */
const protocol: Protocol = {
  operationOf: ({ method, path }) => (method === "POST" && INVOKE.test(path) ? "Invoke" : undefined),
  ...jsonErrors,
  writeError: (error) =>
    jsonReply({ Type: "User", Message: error.message, __type: error.code }, error.status),
};

/**
 * Lambda over an account, as far as somebody uses it by hand: `Invoke`, waiting for the answer. The function's policy is kept
 * and not evaluated here: who asks must be allowed by their own.
 * Source of shapes: Lambda's API reference, version 2015-03-31.
 */
export function lambdaService(authorizer: Authorizer, invoke: InvokeFunction | undefined): AwsService {
  const { account } = authorizer;
  return {
    signingName: "lambda",
    protocol,
    async handle(call) {
      if (call.operation !== "Invoke" || invoke === undefined) throw notImplemented(protocol, call.operation);
      if (!isSigned(call)) throw new AwsError(protocol.faults.missing, "Missing Authentication Token");
      const { request, region, caller } = call;
      const name = decodeURIComponent(INVOKE.exec(request.path)?.[1] ?? "");
      const fn = findFunction(account, region, name);
      authorizer.require(caller, region, { action: "lambda:InvokeFunction", resource: fn.arn });
      const type = headerOf(request, "x-amz-invocation-type") ?? "RequestResponse";
      if (type !== "RequestResponse")
        throw new AwsError("InvalidParameterValueException", `sandbox: ${type}`);
      const text = Buffer.from(request.body).toString("utf8");
      let event: object;
      try {
        event = text === "" ? {} : (JSON.parse(text) as object);
      } catch {
        throw new AwsError("InvalidRequestContentException", "Could not parse request body into json.");
      }
      const outcome = await invoke(fn, event);
      // What a handler throws is told with 200, and a header that this endpoint has no place for.
      return jsonReply(
        outcome === undefined ? { errorMessage: "the function failed: see its log" } : outcome.result,
      );
    },
  };
}
