import * as z from "zod/mini";
import { defineSource, type Source } from "./define-source";
import type { SourcePlace, SourceStatement } from "./statements";

export interface ParameterStoreSettings {
  /** Default: the function's own region. */
  readonly region?: string | undefined;
  /** For how many seconds an answer is given again to the same request: 0 to 300. @default 0 */
  readonly cacheSeconds?: number | undefined;
  /** ARN of the customer-managed key of the encrypted parameters, if they have one. */
  readonly kmsKeyArn?: string | undefined;
}

export type ParameterStoreRequest =
  /** Name or ARN of a parameter, with `:version` or `:label` behind it if it is not the newest. */
  | { readonly name: string }
  /** `/app/staging`: every parameter below it. */
  | { readonly path: string };

/** A slash at its end is how rules tell a path. */
const name = z.string().check(z.maxLength(2048), z.regex(/^[\w./:-]*[\w.:-]$/));
const path = z.string().check(z.maxLength(1011), z.regex(/^(\/[\w.-]+)+$/));

/**
 * Reads AWS Systems Manager's Parameter Store, decrypted. `{ name }` answers `{ "value": text }`; `{ path }` answers
 * `{ "values": { <name below the path>: text } }` of everything below it, at any depth.
 *
 * Rules list the parameter's name as the request spells it, and a path with a slash at its end: `/app/staging/`. Who
 * may read single parameters may not read their path.
 */
export const parameterStore: Source = defineSource<ParameterStoreSettings, ParameterStoreRequest>({
  name: "parameter-store",
  settings: z.strictObject({
    region: z.optional(z.string().check(z.minLength(1))),
    cacheSeconds: z.optional(z.int().check(z.minimum(0), z.maximum(300))),
    kmsKeyArn: z.optional(z.string().check(z.regex(/^arn:[^:]+:kms:[^:]+:\d{12}:key\/[\w-]+$/))),
  }),
  request: z.union([z.strictObject({ name }), z.strictObject({ path })]),
  names: (request) => ["name" in request ? request.name : `${request.path}/`],
  statements,
  policy: ({ cacheSeconds }) => ({ cacheSeconds }),
  connect: async ({ region }) => {
    const { createParameterStoreFetch } = await import("./parameter-store-fetch.js");
    return createParameterStoreFetch(region);
  },
});

/**
 * A rule's pattern becomes IAM's, whose `*` also crosses a `/`: Parameter Store has no condition key to take that back.
 * The adapter's own rules do not cross.
 */
function statements(settings: ParameterStoreSettings, place: SourcePlace): SourceStatement[] {
  const { partition, account } = place;
  const region = settings.region ?? place.region;
  const arnOf = (name: string) =>
    name.startsWith("arn:")
      ? name
      : `arn:${partition}:ssm:${region}:${account}:parameter/${name.replace(/^\//, "")}`;
  const unversioned = (name: string) =>
    name.startsWith("arn:") ? name.replace(/^((?:[^:]*:){5}[^:]*):.*$/s, "$1") : name.replace(/:.*$/s, "");
  const paths = place.names.filter((name) => name.endsWith("/")).map((name) => arnOf(name.slice(0, -1)));
  const single = place.names.filter((name) => !name.endsWith("/")).map((name) => arnOf(unversioned(name)));
  const statement = (id: string, action: string, resources: readonly string[]): SourceStatement[] =>
    resources.length === 0 ? [] : [{ id, actions: [action], resources: [...new Set(resources)].sort() }];
  return [
    ...statement("ReadParameters", "ssm:GetParameter", single),
    ...statement("ReadParameterPaths", "ssm:GetParametersByPath", paths),
    ...(settings.kmsKeyArn === undefined ? [] : decrypt(settings.kmsKeyArn)),
  ];
}

/** Through Systems Manager alone. */
function decrypt(kmsKeyArn: string): SourceStatement[] {
  const [, partition, , region] = kmsKeyArn.split(":");
  const host = `ssm.${region}.amazonaws.com`;
  // AWS documents the first form for all regions, while services in China name themselves by the second.
  const hosts = partition === "aws-cn" ? [host, `${host}.cn`] : host;
  return [
    {
      id: "DecryptParameters",
      actions: ["kms:Decrypt"],
      resources: [kmsKeyArn],
      conditions: { StringEquals: { "kms:ViaService": hosts } },
    },
  ];
}
