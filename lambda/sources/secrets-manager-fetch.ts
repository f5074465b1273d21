import type { Fetch } from "./define-source";
import { readMember } from "./member";
import { createSecretReader, type SecretReaderOptions } from "./secret-reader";
import type { SecretQuestion, SecretsManagerRequest } from "./secrets-manager";

/** The reading part of the Secrets Manager source, apart from its definition because it loads the AWS client. */
export function createSecretsManagerFetch(options: SecretReaderOptions): Fetch<SecretsManagerRequest> {
  const readText = createSecretReader(options);
  const read = async ({ key, ...version }: SecretQuestion) => {
    const text = await readText(version);
    return key === undefined ? text : readMember(text, key);
  };
  return async (request) => {
    if ("one" in request) return { value: await read(request.one) };
    const several = Object.entries(request.several);
    const values = await Promise.all(several.map(async ([own, asked]) => [own, await read(asked)] as const));
    return { values: Object.fromEntries(values) };
  };
}
