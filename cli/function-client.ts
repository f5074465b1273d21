import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { isMap } from "../esc/is-map";

/** What AWS, or the way to it, refused, or what the function said. Neither keys nor what was sent are in it. */
export class FunctionClientError extends Error {
  override readonly name = "FunctionClientError";
}

export interface FunctionClient {
  /** Runs the function with an operation, and answers its answer. @throws {FunctionClientError} */
  operate(operation: object): Promise<Record<string, unknown>>;
}

const TIMEOUT_MS = 60_000;

/**
 * Invokes one Lambda function as AWS's own client would: with the keys and the region that AWS's tools find on this machine.
 * One request needs no client of its own.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export async function createFunctionClient(options: {
  /** Name or ARN. */
  readonly functionName: string;
  /** @default that of the ARN; that of the environment or profile */
  readonly region?: string | undefined;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}): Promise<FunctionClient> {
  const { functionName, now = Date.now } = options;
  // A client is what knows all the places where keys and regions may be.
  const { STSClient } = await import("@aws-sdk/client-sts");
  const inArn = /^arn:[^:]*:lambda:([^:]+):/.exec(functionName)?.[1];
  const region = options.region ?? inArn;
  const { config } = new STSClient(region === undefined ? {} : { region });

  return {
    async operate(operation) {
      try {
        const where = await config.region();
        const signer = new SignatureV4({
          service: "lambda",
          region: where,
          credentials: await config.credentials(),
          sha256: Sha256,
        });
        const endpoint =
          process.env.AWS_ENDPOINT_URL_LAMBDA ||
          process.env.AWS_ENDPOINT_URL ||
          `https://lambda.${where}.amazonaws.com${where.startsWith("cn-") ? ".cn" : ""}`;
        const url = new URL(
          `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`,
          endpoint,
        );
        const body = JSON.stringify({ escapement: operation });
        const request = {
          method: "POST",
          protocol: url.protocol,
          hostname: url.hostname,
          ...(url.port !== "" && { port: Number(url.port) }),
          path: url.pathname,
          headers: { host: url.host, "content-type": "application/json" },
          body,
        };
        const signed = await signer.sign(request, { signingDate: new Date(now()) });
        const response = await fetch(url, {
          method: "POST",
          headers: signed.headers,
          body,
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        return readAnswer(functionName, response.status, await response.text());
      } catch (error) {
        if (error instanceof FunctionClientError) throw error;
        const name = error instanceof Error ? error.name : typeof error;
        throw new FunctionClientError(
          `the function ${functionName} could not be asked (${name}): is there a region, are there keys, does it exist?`,
        );
      }
    },
  };
}

function readAnswer(functionName: string, status: number, text: string): Record<string, unknown> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  const said = isMap(answer) ? answer : {};
  if (status !== 200) {
    const message =
      typeof said.Message === "string" ? said.Message : typeof said.message === "string" ? said.message : "";
    throw new FunctionClientError(`AWS refused to invoke ${functionName}: ${status} ${message}`.trim());
  }
  if (isMap(said.error))
    throw new FunctionClientError(`${String(said.error.code)}: ${String(said.error.says)}`);
  if (said.targets === undefined && said.unstick === undefined) {
    const failed = typeof said.errorMessage === "string" ? ` (${said.errorMessage})` : "";
    throw new FunctionClientError(`${functionName} does not answer as a function that rotates does${failed}`);
  }
  return said;
}
