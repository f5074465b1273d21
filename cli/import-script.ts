import { isMap } from "../esc/is-map";

/** A resource that a preview would create. */
export interface PlannedResource {
  readonly urn: string;
  readonly type: string;
  /** Its name in the program. */
  readonly name: string;
  readonly custom: boolean;
  /** URN; undefined for the stack's own. */
  readonly parent: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What is to be imported, and what could have been. */
export interface ImportPlan {
  readonly stack: string;
  readonly resources: readonly PlannedResource[];
  /** All that the preview would create, by URN. */
  readonly planned: ReadonlyMap<string, PlannedResource>;
}

/** A preview that cannot be used; says why. */
export class PreviewError extends Error {
  override readonly name = "PreviewError";
}

const stackType = "pulumi:pulumi:Stack";

/**
 * Reads what `pulumi preview --json` printed.
 *
 * @see https://github.com/pulumi/pulumi/blob/master/pkg/display/json.go `previewDigest`: `steps` of `op`, `urn` and
 * `newState`
 * @throws PreviewError
 */
export function readPreview(text: string): readonly PlannedResource[] {
  let digest: unknown;
  try {
    digest = JSON.parse(text);
  } catch {
    throw new PreviewError("it is no JSON: give what `pulumi preview --json` prints, and nothing else");
  }
  const steps = isMap(digest) ? digest.steps : undefined;
  if (!Array.isArray(steps))
    throw new PreviewError("it has no `steps`: give what `pulumi preview --json` prints");
  return steps.flatMap((step: unknown) => {
    if (!isMap(step) || step.op !== "create" || !isMap(step.newState)) return [];
    const { urn, type, custom, parent, inputs } = step.newState;
    if (typeof urn !== "string" || typeof type !== "string") return [];
    if (type === stackType || type.startsWith("pulumi:providers:")) return [];
    const own =
      typeof parent === "string" && parent !== "" && typeOf(parent) !== stackType ? parent : undefined;
    return [
      {
        urn,
        type,
        name: nameOf(urn),
        custom: custom === true,
        parent: own,
        inputs: isMap(inputs) ? inputs : {},
      },
    ];
  });
}

/**
 * Chooses what is to be imported.
 *
 * @param names of resources in the program
 * @throws PreviewError naming what the preview does not create, and what cannot be imported
 */
export function planImport(resources: readonly PlannedResource[], names: readonly string[]): ImportPlan {
  const planned = new Map(resources.map((resource) => [resource.urn, resource]));
  const chosen = names.map((name) => {
    const found = resources.filter((resource) => resource.custom && resource.name === name);
    if (found.length === 0) {
      const others = resources.filter(({ custom }) => custom).map((resource) => resource.name);
      throw new PreviewError(
        `the preview does not create "${name}"; it creates ${others.join(", ") || "nothing"}`,
      );
    }
    return found;
  });
  const [first] = resources;
  return {
    stack: first === undefined ? "" : (first.urn.split("::")[0] ?? "").replace(/^urn:pulumi:/, ""),
    resources: chosen.flat(),
    planned,
  };
}

/**
 * A shell script that brings existing things under a stack: an import file, with the components that they belong to
 * and the ids that Pulumi wants, and the command that imports it. Ids that only the account knows are asked of the AWS
 * CLI when the script runs.
 *
 * @see https://www.pulumi.com/docs/iac/guides/migration/import/#bulk-import-operations
 */
export function importScript({ stack, resources, planned }: ImportPlan): string {
  const entries: object[] = [];
  const nameTable: Record<string, string> = {};
  const told = new Set<string>();
  const tell = (resource: PlannedResource): void => {
    if (told.has(resource.urn)) return;
    told.add(resource.urn);
    const { type, name, custom, parent, inputs } = resource;
    // What marks a command must be ours alone.
    if (JSON.stringify(resource).includes("%{"))
      throw new PreviewError(`${name}: "%{" cannot stand in a name`);
    const above = parent === undefined ? undefined : planned.get(parent);
    if (above !== undefined) tell(above);
    else if (parent !== undefined) nameTable[nameOf(parent)] = parent;
    const of = parent === undefined ? {} : { parent: nameOf(parent) };
    entries.push(
      custom ? { type, name, id: importId(type, inputs), ...of } : { type, name, component: true, ...of },
    );
  };
  for (const resource of resources) tell(resource);
  const file = { ...(Object.keys(nameTable).length > 0 && { nameTable }), resources: entries };
  return [
    "cat > import.json <<END",
    hereDocument(JSON.stringify(file, null, 2)),
    "END",
    `pulumi import --stack ${word(stack)} --file import.json --protect=false --generate-code=false`,
    "",
  ].join("\n");
}

/** Text as a here-document gives it again, but for the commands in it, which the shell runs. */
function hereDocument(text: string): string {
  const literal = text.replace(/[\\$`]/g, "\\$&");
  return literal.replace(/%\{(.*?)\}%/g, "$($1)");
}

/** Inside an id: what the shell is to put there. */
function command(line: string): string {
  return `%{${line}}%`;
}

/** One word for a shell, unquoted. Names that AWS and Pulumi take are. */
function word(text: string): string {
  if (/^[\w/+=.@:-]+$/.test(text)) return text;
  throw new PreviewError(`"${text}" is no name that could stand in a command`);
}

const account = command("aws sts get-caller-identity --query Account --output text");

/**
 * By what Pulumi imports a resource of a type. Source: "Import" in the types' own documentation in @pulumi/aws. That of
 * `pulumiservice:index:Environment` is from its provider's `Read`, which takes the id apart at `/`.
 *
 * @throws PreviewError for a type that is not in use here, and for one whose id does not follow from its inputs
 */
export function importId(type: string, inputs: Readonly<Record<string, unknown>>): string {
  const text = (name: string): string => {
    const value = inputs[name];
    if (typeof value === "string" && value !== "" && !isPlaceholder(value)) return value;
    throw new PreviewError(`${type}: its id cannot be told, for the preview does not know its "${name}"`);
  };
  switch (type) {
    case "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
      return `arn:aws:iam::${account}:oidc-provider/${text("url").replace(/^https:\/\//, "")}`;
    case "aws:iam/policy:Policy":
      return `arn:aws:iam::${account}:policy${text("path")}${text("name")}`;
    case "aws:iam/rolePolicy:RolePolicy":
      return `${text("role")}:${text("name")}`;
    case "aws:secretsmanager/secret:Secret":
      return secretArn(text("name"), inputs.region);
    case "aws:lambda/functionUrl:FunctionUrl":
      return text("functionName");
    case "aws:cloudwatch/dashboard:Dashboard":
      return text("dashboardName");
    case "aws:cloudwatch/logGroup:LogGroup":
    case "aws:cloudwatch/metricAlarm:MetricAlarm":
    case "aws:dynamodb/table:Table":
    case "aws:iam/role:Role":
    case "aws:lambda/function:Function":
    case "aws:ssm/parameter:Parameter":
      return text("name");
    case "pulumiservice:index:Environment":
      return ["organization", "project", "name"].map(text).join("/");
    default:
      throw new PreviewError(
        `${type}: not known how its id follows from its inputs; see its page in Pulumi's registry`,
      );
  }
}

function secretArn(name: string, region: unknown): string {
  const where = typeof region === "string" ? ` --region ${word(region)}` : "";
  return command(
    `aws secretsmanager describe-secret --secret-id ${word(name)}${where} --query ARN --output text`,
  );
}

/** What Pulumi writes for a value that a preview does not know. */
function isPlaceholder(value: string): boolean {
  return value === "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function typeOf(urn: string): string {
  return (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
}
