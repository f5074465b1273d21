import { createHash } from "node:crypto";
import { secret } from "../evaluator/index";
import type { CallContext, Provider } from "../evaluator/types";
import { type AdapterLimits, askAdapter } from "./adapter-call";
import { providerSchemas } from "./schemas";
import { identityClaims, identityOf, type TokenOptions } from "./tokens";

export interface ExternalOptions extends TokenOptions {
  /** How adapters are reached. It gets the `https://` address of the definition. */
  readonly fetch: typeof globalThis.fetch;
  readonly limits?: Partial<AdapterLimits>;
}

interface ExternalInputs {
  readonly url: string;
  readonly request?: object;
  readonly secret?: boolean;
}

/**
 * What ESC's `fn::open::external` does: posts `request` to an adapter, with a token that says who asks, for which
 * address and with which body, and gives the JSON object that it answers as `response`, secret as a whole
 * unless `secret` is false.
 *
 * An open fails when the adapter is not reached or is not done in time, and unless it answers 200 and a JSON
 * object. The diagnostic names its address and status, and its code and request id where it gives them as
 * `{ "code", "requestId" }`; never what else it answered.
 * @see https://www.pulumi.com/docs/esc/integrations/dynamic-secrets/external/
 */
export function createExternalProvider(options: ExternalOptions): Provider {
  return {
    ...providerSchemas.external,
    async open(inputs, call) {
      const { url, request = {}, secret: isSecret = true } = inputs as ExternalInputs;
      const response = await callAdapter(options, { url, content: request, call });
      return { response: isSecret ? secret(response) : response };
    },
  };
}

/**
 * Posts JSON to an adapter with a token for exactly this.
 * @returns the JSON object it answers
 * @throws Error as `askAdapter`
 */
export async function callAdapter(
  options: ExternalOptions,
  { url, content, call }: { readonly url: string; readonly content: object; readonly call: CallContext },
): Promise<Readonly<Record<string, unknown>>> {
  const body = Buffer.from(JSON.stringify(content));
  const token = await options.mintToken({
    ...identityClaims(options, call),
    sub: options.subject(identityOf(options, call)),
    aud: url,
    body_hash: `sha256-${createHash("sha256").update(body).digest("base64")}`,
  });
  return askAdapter({ ...options, url, token, body, signal: call.signal });
}
