import { readFile } from "node:fs/promises";
import { basename, relative } from "node:path";
import { parseDocument } from "yaml";
import {
  joinTrustInputs,
  type NamedPolicy,
  type Place,
  type TrustInput,
  type TrustProvider,
  type TrustRole,
} from "../../trust";
import { readTemplate } from "./cloudformation";
import { readDefinition } from "./environment-definition";
import { asFields, type Fields } from "./fields";
import { readWorkflow } from "./workflow";

/**
 * Reads one file for the lint by what is in it: a policy document, what `aws iam get-role`, `list-roles`,
 * `get-account-authorization-details` and `get-open-id-connect-provider` print, a CloudFormation template, an ESC
 * environment, a GitHub workflow, an adapter's `config.json` or handler.
 *
 * @throws Error naming the file when it is none of these
 */
export async function readTrustFile(path: string): Promise<Partial<TrustInput>> {
  const file = relative(process.cwd(), path) || path;
  const content = await readFile(path, "utf8");
  const place = { text: file, file, line: 1 };
  if (/\.[cm]?[jt]s$/.test(path)) return { adapters: [{ place, name: basename(path), code: content }] };
  const document = parseDocument(content, { logLevel: "silent", customTags: [] });
  const template = asFields(document.toJSON());
  if ("Resources" in template) return readTemplate(file, content);
  const read = READERS.find(([keys]) => keys.every((key) => key in template))?.[1];
  if (document.errors.length > 0 || read === undefined) {
    throw new Error(
      `${file}: not a policy, role, OIDC provider, template, ESC environment, workflow or adapter configuration`,
    );
  }
  return read({ place, file, content, fields: template });
}

/** Several files as one; see `readTrustFile`. */
export async function readTrustFiles(paths: readonly string[]): Promise<TrustInput> {
  return joinTrustInputs(await Promise.all(paths.map(readTrustFile)));
}

interface ReadFile {
  readonly place: Place;
  readonly file: string;
  readonly content: string;
  readonly fields: Fields;
}

type Reader = (file: ReadFile) => Partial<TrustInput>;

/** By the keys that tell what a file is; the first that fits reads it. */
const READERS: readonly (readonly [readonly string[], Reader])[] = [
  [["jobs", "on"], ({ file, content }) => ({ jobs: readWorkflow(file, content) })],
  [["Statement"], ({ place, fields }) => ({ roles: [readPolicy(place, fields)] })],
  [["Role"], ({ place, fields }) => ({ roles: [readRole(place, asFields(fields.Role))] })],
  [["Roles"], ({ place, fields }) => ({ roles: list(fields.Roles).map((role) => readRole(place, role)) })],
  [
    ["RoleDetailList"],
    ({ place, fields }) => ({ roles: list(fields.RoleDetailList).map((role) => readRole(place, role)) }),
  ],
  [["AssumeRolePolicyDocument"], ({ place, fields }) => ({ roles: [readRole(place, fields)] })],
  [["ClientIDList", "Url"], ({ place, fields }) => ({ providers: [readProvider(place, fields)] })],
  [
    ["organization", "routes", "access"],
    ({ place, fields }) => ({ adapters: [{ place, name: place.text, config: fields }] }),
  ],
  [["values"], readEnvironment],
  [["imports"], readEnvironment],
];

function readEnvironment({ place, file, content }: ReadFile): Partial<TrustInput> {
  const [project = "default", name = ""] = file
    .replace(/\.ya?ml$/, "")
    .split("/")
    .slice(-2);
  return { environments: [{ place, name: `${project}/${name}`, ...readDefinition(content) }] };
}

/** A document by itself is a trust policy when its statements have principals, otherwise a role's permissions. */
function readPolicy(place: Place, document: Fields): TrustRole {
  const isTrust = list(document.Statement).some((one) => "Principal" in one);
  const role = { place, name: basename(place.text), managedPolicyArns: [] };
  return isTrust
    ? { ...role, trustPolicy: document, policies: [] }
    : { ...role, trustPolicy: undefined, policies: [{ name: place.text, document }] };
}

/** A role as AWS's CLI and templates write it. */
export function readRole(place: Place, role: Fields): TrustRole {
  const { RoleName, Arn, AssumeRolePolicyDocument, MaxSessionDuration } = role;
  const inline = [...list(role.RolePolicyList), ...list(role.Policies)].map(
    ({ PolicyName, PolicyDocument }): NamedPolicy => ({
      name: String(PolicyName),
      document: decode(PolicyDocument),
    }),
  );
  const managed = Array.isArray(role.ManagedPolicyArns) ? role.ManagedPolicyArns.map(String) : [];
  return {
    place,
    name: String(RoleName ?? place.text),
    ...(typeof Arn === "string" && { arn: Arn }),
    trustPolicy: decode(AssumeRolePolicyDocument),
    policies: inline,
    managedPolicyArns: [
      ...managed,
      ...list(role.AttachedManagedPolicies).map(({ PolicyArn }) => String(PolicyArn)),
    ],
    ...(typeof MaxSessionDuration === "number" && { maxSessionSeconds: MaxSessionDuration }),
  };
}

/** What a provider that nobody's program manages is asked is only what it says itself. */
function readProvider(place: Place, { Url, ClientIDList, ThumbprintList }: Fields): TrustProvider {
  return {
    place,
    url: String(Url).replace(/^(?!https:)/, "https://"),
    audiences: Array.isArray(ClientIDList) ? ClientIDList.map(String) : [],
    // IAM fills a thumbprint in by itself, so one that it reports was not necessarily pinned.
    thumbprints: Array.isArray(ThumbprintList) ? ThumbprintList.slice(1).map(String) : [],
    retained: true,
    keepsAudiences: true,
  };
}

/** IAM's API gives policies as URL-encoded JSON; the CLI decodes them. */
function decode(document: unknown): unknown {
  if (typeof document !== "string") return document;
  try {
    return JSON.parse(document.startsWith("%7B") ? decodeURIComponent(document) : document);
  } catch {
    return undefined;
  }
}

function list(value: unknown): Fields[] {
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(asFields);
}
