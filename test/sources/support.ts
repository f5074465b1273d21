import assert from "node:assert/strict";
import { AdapterError, type AdapterErrorCode } from "../../lambda/errors";
import type { ConnectedSource } from "../../lambda/sources/define-source";
import { fetchText } from "../../lambda/sources/index";
import type { Keys } from "../aws/laptop";

/** What a source answers to a request, by the way that the adapter takes. */
export async function open(
  source: ConnectedSource,
  request: unknown,
  milliseconds = 5_000,
): Promise<Record<string, unknown>> {
  return JSON.parse(await fetchText(source.prepare(request), { milliseconds, bytes: 1_000_000 }));
}

/** Asserts a refusal by its code, whose reason holds none of what is hidden. */
export async function assertRefused(
  work: Promise<unknown>,
  code: AdapterErrorCode,
  ...hidden: readonly string[]
): Promise<AdapterError> {
  const error = await work.then(
    () => assert.fail("it was answered"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof AdapterError, String(error));
  assert.equal(error.code, code, error.message);
  for (const text of hidden) assert.ok(!error.message.includes(text), "the reason tells what is secret");
  return error;
}

/** Has AWS's clients call this endpoint with these keys, until the answer is called. */
export function useAws(endpoint: string, keys?: Keys): () => void {
  const variables: Record<string, string> = {
    AWS_ACCESS_KEY_ID: keys?.accessKeyId ?? "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: keys?.secretAccessKey ?? "example",
    AWS_SESSION_TOKEN: keys?.sessionToken ?? "",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: endpoint,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  const saved = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(variables)) {
    if (value === "") delete process.env[name];
    else process.env[name] = value;
  }
  return () => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
