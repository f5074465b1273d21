import * as z from "zod/mini";
import { isPattern } from "../access/pattern";
import { defineSource, type Source } from "./define-source";
import { readSecretStatements } from "./statements";

export interface SecretsManagerSettings {
  /** Default: the function's own region. */
  readonly region?: string | undefined;
  /**
   * For how many seconds a value is used after it was read, by entry and version or label: 0 to 300. For so long a new
   * value, or a right that was taken away, may go unnoticed. @default 0
   */
  readonly cacheSeconds?: number | undefined;
}

/** Which version of which entry. Neither `versionId` nor `versionStage`: the current one. */
export interface SecretVersion {
  /** Name or ARN of the secret entry. */
  readonly name: string;
  readonly versionId?: string | undefined;
  /** A staging label, for instance `AWSPREVIOUS`. */
  readonly versionStage?: string | undefined;
}

/** A value, or a member of one. */
export interface SecretQuestion extends SecretVersion {
  /** Member of the entry's JSON object. Absent: the whole text. */
  readonly key?: string | undefined;
}

/** One value, or several by names of the caller's own. */
export type SecretsManagerRequest =
  | { readonly one: SecretQuestion }
  | { readonly several: Readonly<Record<string, SecretQuestion>> };

/** 2048 is Secrets Manager's limit on a SecretId. */
const text = z.string().check(z.minLength(1), z.maxLength(2048));
/** What stands between a name and its version must not be part of a name. */
const name = text.check(z.refine((value) => !value.includes("#"), { error: "must not hold #" }));
const version = {
  key: z.optional(text),
  versionId: z.optional(z.string().check(z.minLength(32), z.maxLength(64))),
  versionStage: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
};
const notBoth = z.refine<SecretQuestion | (Omit<SecretQuestion, "name"> & { readonly secretName: string })>(
  ({ versionId, versionStage }) => versionId === undefined || versionStage === undefined,
  { error: "must have only one of versionId and versionStage" },
);
const question = z.strictObject({ name, ...version }).check(notBoth);

const request = z.pipe(
  z.union([
    question,
    z.strictObject({ secretName: name, ...version }).check(notBoth),
    z.strictObject({
      entries: z.record(z.string().check(z.regex(/^[\w.-]{1,128}$/)), question).check(
        z.refine((entries) => Object.keys(entries).length > 0 && Object.keys(entries).length <= 100, {
          error: "must name 1 to 100",
        }),
      ),
    }),
  ]),
  z.transform((given): SecretsManagerRequest => {
    if ("entries" in given) return { several: given.entries };
    if ("name" in given) return { one: given };
    const { secretName, ...rest } = given;
    return { one: { name: secretName, ...rest } };
  }),
);

/** What rules list: the entry, and behind `#` the version or label if it is not the current one. */
function nameOf({ name, versionId, versionStage }: SecretVersion): string {
  const version = versionId ?? versionStage;
  return version === undefined || version === "AWSCURRENT" ? name : `${name}#${version}`;
}

/**
 * Reads AWS Secrets Manager. One entry (`{ name, key? }`) answers `{ "value": … }`: its text, or with `key` that member
 * of its JSON object. Several (`{ entries: { <own name>: { name, key? } } }`) answer `{ "values": { <own name>: … } }`,
 * all or none. The shape never depends on what an entry holds.
 *
 * `versionId` or `versionStage` asks for another version than the current; rules then list `<name>#<version>`.
 */
export const secretsManager: Source = defineSource<SecretsManagerSettings, SecretsManagerRequest>({
  name: "secrets-manager",
  settings: z.strictObject({
    region: z.optional(text),
    cacheSeconds: z.optional(z.int().check(z.minimum(0), z.maximum(300))),
  }),
  request,
  names: (asked) => ("one" in asked ? [asked.one] : Object.values(asked.several)).map(nameOf),
  statements: ({ region }, place) => {
    const entries = [...new Set(place.names.map((name) => name.replace(/#.*$/s, "")))];
    const reading = readSecretStatements({ ...place, region: region ?? place.region }, entries);
    // Knows no resources. It gives nothing by itself: each entry also has to be readable.
    const batch = { id: "ReadByBatch", actions: ["secretsmanager:BatchGetSecretValue"], resources: ["*"] };
    return entries.length > 1 || entries.some(isPattern) ? [...reading, batch] : reading;
  },
  connect: async (settings, { now }) => {
    const { createSecretsManagerFetch } = await import("./secrets-manager-fetch.js");
    return createSecretsManagerFetch({ ...settings, now });
  },
});
