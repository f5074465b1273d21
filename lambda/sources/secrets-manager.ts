import * as z from "zod/mini";
import { defineSource, type Source } from "./define-source";

export interface SecretsManagerSettings {
  /** Default: the function's own region. */
  readonly region?: string | undefined;
}

export interface SecretsManagerRequest {
  /** Name or ARN of the secret entry. `secretName` is accepted as its other spelling. */
  readonly name: string;
  /** Member of the entry's JSON object. Absent: the whole text. */
  readonly key?: string | undefined;
}

/** 2048 is Secrets Manager's limit on a SecretId. */
const text = z.string().check(z.minLength(1), z.maxLength(2048));

const request = z.pipe(
  z.union([
    z.strictObject({ name: text, key: z.optional(text) }),
    z.strictObject({ secretName: text, key: z.optional(text) }),
  ]),
  z.transform(
    (given): SecretsManagerRequest => ({
      name: "name" in given ? given.name : given.secretName,
      key: given.key,
    }),
  ),
);

/**
 * Reads the current value of one AWS Secrets Manager entry and answers `{ "value": … }`: the entry's text, or
 * with `key` that member of its JSON object. The shape never depends on what the entry holds.
 */
export const secretsManager: Source = defineSource<SecretsManagerSettings, SecretsManagerRequest>({
  name: "secrets-manager",
  settings: z.strictObject({ region: z.optional(text) }),
  request,
  names: ({ name }) => [name],
  connect: async ({ region }) => {
    const { createSecretsManagerFetch } = await import("./secrets-manager-fetch.js");
    return createSecretsManagerFetch(region);
  },
});
