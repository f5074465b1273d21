import type {
  EnvironmentPermission,
  NamedPolicy,
  Place,
  TrustAdapter,
  TrustInput,
  TrustRole,
} from "../../trust";
import { Archive, Asset, type Deployment, plainMap, type ResourceState } from "../engine/index";
import { readDefinition } from "./environment-definition";

type Properties = Readonly<Record<string, unknown>>;

/** A stack as it was brought up. */
export type RecordedStack = Pick<Deployment, "organization" | "project" | "stack" | "resources">;

/** A recorded resource with secrets opened: nothing of it but names and policies goes further. */
interface Recorded {
  readonly place: Place;
  readonly type: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
  readonly resource: ResourceState;
}

/**
 * What a deployment's recorded resources say about trust: roles with their policies, OIDC providers, environments,
 * adapters, entries. After a preview, what is not known yet (ARNs, policies that name them) is missing: use an `up`.
 */
export function recordedTrust({ organization, project, stack: name, resources }: RecordedStack): TrustInput {
  const stack = `${project}/${name}`;
  const recorded = resources
    .filter(({ change, custom }) => custom && change !== "delete" && change !== "retain")
    .map((resource): Recorded => {
      const { type, name, urn, where } = resource;
      const [, file, line] = /^(.+):(\d+)$/.exec(where ?? "") ?? [];
      const place = {
        text: `${stack}, ${type} "${name}"`,
        urn,
        ...(file !== undefined && { file, line: Number(line) }),
      };
      return {
        place,
        type,
        inputs: plainMap(resource.inputs),
        outputs: plainMap(resource.outputs),
        resource,
      };
    });
  const ofType = (type: string) => recorded.filter((one) => one.type === type);
  return {
    organization,
    roles: ofType("aws:iam/role:Role").map((one) => readRole(one, recorded)),
    providers: ofType("aws:iam/openIdConnectProvider:OpenIdConnectProvider").map(readProvider),
    environments: ofType("pulumiservice:index:Environment").map((one) => readEnvironment(one)),
    permissions: ofType("pulumiservice:index:TeamEnvironmentPermission").map(readPermission),
    adapters: ofType("aws:lambda/function:Function").flatMap((one) => readAdapter(one, recorded)),
    entries: ofType("aws:secretsmanager/secret:Secret").map(({ place, inputs, outputs }) => ({
      place,
      name: text(inputs.name) ?? text(outputs.name) ?? "",
      ...maybe("arn", text(outputs.arn)),
    })),
    jobs: [],
  };
}

function readRole({ place, inputs, outputs }: Recorded, all: readonly Recorded[]): TrustRole {
  const name = text(outputs.name) ?? text(inputs.name) ?? "";
  const isOwn = ({ inputs: { role } }: Recorded) => role === name || role === outputs.arn;
  const attached = all.filter(
    (one) => one.type === "aws:iam/rolePolicyAttachment:RolePolicyAttachment" && isOwn(one),
  );
  const arns = [
    ...texts(inputs.managedPolicyArns),
    ...attached.flatMap((one) => texts([one.inputs.policyArn])),
  ];
  const managed = (arn: string): NamedPolicy[] =>
    all
      .filter((one) => one.type === "aws:iam/policy:Policy" && one.outputs.arn === arn)
      .map((one) => ({ name: String(one.inputs.name ?? arn), document: parse(one.inputs.policy) }));
  const [boundary] = managed(text(inputs.permissionsBoundary) ?? "");
  return {
    place,
    name,
    ...maybe("arn", text(outputs.arn)),
    trustPolicy: parse(inputs.assumeRolePolicy),
    policies: [
      ...all
        .filter((one) => one.type === "aws:iam/rolePolicy:RolePolicy" && isOwn(one))
        .map((one) => ({ name: text(one.inputs.name) ?? "inline", document: parse(one.inputs.policy) })),
      ...(Array.isArray(inputs.inlinePolicies) ? inputs.inlinePolicies : []).map((one: Properties) => ({
        name: text(one.name) ?? "inline",
        document: parse(one.policy),
      })),
      ...arns.flatMap(managed),
    ],
    managedPolicyArns: arns,
    // AWS's default.
    maxSessionSeconds: Number(inputs.maxSessionDuration ?? 3600),
    ...maybe("boundary", boundary),
  };
}

function readProvider({ place, inputs, outputs, resource: { options } }: Recorded) {
  return {
    place,
    url: (text(inputs.url) ?? "").replace(/^(?!https:)/, "https://"),
    ...maybe("arn", text(outputs.arn)),
    audiences: texts(outputs.clientIdLists ?? inputs.clientIdLists),
    // Inputs: AWS fills the outputs in by itself.
    thumbprints: texts(inputs.thumbprintLists),
    retained: options.retainOnDelete === true,
    keepsAudiences: options.ignoreChanges?.includes("clientIdLists") === true,
  };
}

function readEnvironment({ place, inputs }: Recorded) {
  const { organization, project, name, yaml } = inputs;
  const definition = yaml instanceof Asset && "text" in yaml.asset ? yaml.asset.text : "";
  return {
    place,
    ...maybe("organization", text(organization)),
    name: `${String(project ?? "default")}/${String(name)}`,
    ...withoutLines(readDefinition(definition)),
  };
}

/** The definition is made by the program: its lines are in no file. */
function withoutLines({ logins, ...rest }: ReturnType<typeof readDefinition>) {
  return { ...rest, logins: logins.map(({ line: _, ...login }) => login) };
}

function readPermission({ place, inputs }: Recorded): EnvironmentPermission {
  const { project, environment, team, permission } = inputs;
  return {
    place,
    environment: `${String(project ?? "default")}/${String(environment)}`,
    who: `team ${String(team)}`,
    permission: String(permission),
  };
}

/** A function is an adapter when its configuration lies beside its code, or when its code is there to be judged. */
function readAdapter({ place, inputs, outputs }: Recorded, all: readonly Recorded[]): TrustAdapter[] {
  const files =
    inputs.code instanceof Archive && "assets" in inputs.code.archive ? inputs.code.archive.assets : {};
  const textOf = (file: Archive | Asset | undefined) =>
    file instanceof Asset && "text" in file.asset ? file.asset.text : undefined;
  const config = textOf(files["config.json"]);
  const code = Object.entries(files)
    .filter(([name]) => /\.[cm]?js$/.test(name))
    .map(([, file]) => textOf(file) ?? "")
    .join("\n");
  if (config === undefined && code === "") return [];
  const name = text(outputs.name) ?? text(inputs.name) ?? "";
  const address = all.find(
    (one) => one.type === "aws:lambda/functionUrl:FunctionUrl" && one.inputs.functionName === name,
  );
  return [
    {
      place,
      name,
      ...maybe("functionArn", text(outputs.arn)),
      ...maybe("roleArn", text(inputs.role)),
      ...maybe("url", text(address?.outputs.functionUrl)),
      ...(config === undefined ? { code } : { config: parse(config) }),
    },
  ];
}

function maybe<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

/** What is no JSON, or not known, is no policy: the rules then find nothing in it. */
function parse(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
