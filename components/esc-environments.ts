import * as pulumi from "@pulumi/pulumi";
import * as pulumiservice from "@pulumi/pulumiservice";
import { isRotatedEnvironment } from "../esc/environments/rotated";
import { rotatorsWithoutState } from "../esc/rotation-state";
import { type ArgumentIssue, refuse } from "./args";
import { failOnFindings } from "./definition-check";
import { checkAccess, type EscAccessArgs, grantAccess } from "./esc-access";

/** One ESC environment. */
export interface EscEnvironmentArgs {
  /** Last part of its name: `staging` becomes `<organization>/<project>/staging`. */
  name: string;
  /** Its definition, as YAML. */
  yaml: pulumi.Input<string>;
  /**
   * The same definition with well-formed stand-ins for what is not known before the first `up` (a role's ARN,
   * an address). It is what gets checked when `yaml` is not known yet, so it is required whenever `yaml` is an
   * output. See `renderTwice`.
   */
  placeholderYaml?: string;
}

export interface EscEnvironmentsArgs {
  /** The Pulumi organization. */
  organization: string;
  /** The ESC project: the middle part of `organization/project/environment`. */
  project: string;
  /** Those that this stack owns. */
  environments: EscEnvironmentArgs[];
  /**
   * Definitions that `environments` import but this stack does not own, by the name they are imported under
   * (`<project>/base`), so that references into them are checked too. What is imported must be here or in
   * `environments`. One that holds a rotated credential (`rotated-…`) has to have been rotated: the preview fails with the
   * command that does it.
   */
  imports?: Record<string, string>;
  /**
   * The stack that owns the environments in `imports`. Given, they are looked up, and the preview fails with the
   * command that brings them up when one of them is not there.
   */
  importsOwner?: pulumi.Input<string>;
  /**
   * Which teams may do what with each of the environments (Pulumi Enterprise and up; the teams are there already). It adds
   * to what every member may, which is "write" until an administrator sets it to "none". @default nothing is declared
   */
  access?: EscAccessArgs[];
}

/**
 * The ESC environments that one stack owns, each checked by Pulumi's own evaluator before anything is written:
 * a broken reference fails the first preview of an empty account with `project/environment:line:column`.
 * Errors and warnings both fail it, for Pulumi's provider refuses both, warnings only after it has written.
 *
 * @throws ResourceError for arguments that cannot be used, and for a definition that does not check.
 */
export class EscEnvironments extends pulumi.ComponentResource {
  /** Environment name, as in `environments`, to `organization/project/name`. */
  readonly ids: pulumi.Output<Record<string, string>>;
  /** Environment name, as in `environments`, to the number of its newest revision. */
  readonly revisions: pulumi.Output<Record<string, number>>;
  /**
   * Environment, as `organization/project/name`, to the definition that this program gives it, as YAML. Exported by a
   * stack, `escapement verify --stack-outputs` compares it with what ESC has. Definitions hold references, no values.
   */
  readonly definitions: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: EscEnvironmentsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:EscEnvironments", name, {}, opts);
    refuse(checkArgs(args), this);
    const { organization, project } = args;
    const known = { ...args.imports, ...previewDefinitions(args) };

    const imported = pulumi.all([
      pulumi.output(args.importsOwner).apply((owner) => findImports(args, owner, this)),
      ...requireRotated(name, args, this),
    ]);

    const ids: Record<string, string> = {};
    const revisions: Record<string, pulumi.Output<number>> = {};
    const definitions: Record<string, pulumi.Input<string>> = {};
    for (const { name: environmentName, yaml, placeholderYaml } of args.environments) {
      const qualified = `${project}/${environmentName}`;
      const check = async (text: string) => failOnFindings(qualified, text, known, this);
      // A promise is never unknown, so its rejection fails even a preview in which `yaml` is unknown and the
      // `apply` below does not run.
      const placeholderChecked = placeholderYaml === undefined ? undefined : check(placeholderYaml);
      const asset = pulumi.all([yaml, pulumi.output(placeholderChecked), imported]).apply(async ([text]) => {
        if (text !== placeholderYaml) await check(text);
        return new pulumi.asset.StringAsset(text);
      });
      const environment = new pulumiservice.Environment(
        `${name}-${environmentName}`,
        { organization, project, name: environmentName, yaml: asset },
        { parent: this },
      );
      const place = { organization, project, environment: environment.name };
      grantAccess(`${name}-${environmentName}`, args.access ?? [], place, this);
      ids[environmentName] = `${organization}/${qualified}`;
      revisions[environmentName] = environment.revision;
      definitions[`${organization}/${qualified}`] = yaml;
    }
    this.ids = pulumi.output(ids);
    this.revisions = pulumi.output(revisions);
    this.definitions = pulumi.output(definitions);
    this.registerOutputs({ ids: this.ids, revisions: this.revisions, definitions: this.definitions });
  }
}

/**
 * Renders a definition for `EscEnvironments`: once from `inputs`, and once with a stand-in for each input that
 * is not a plain string, because its value may not be known before the first `up`.
 */
export function renderTwice<K extends string>(
  render: (values: Partial<Record<K, string>>) => string,
  inputs: Partial<Record<K, pulumi.Input<string>>>,
  standIns: Record<K, string>,
): { yaml: pulumi.Output<string>; placeholderYaml: string } {
  const placeholders: Partial<Record<K, string>> = {};
  for (const name of Object.keys(inputs) as K[]) {
    const input: pulumi.Input<string> | undefined = inputs[name];
    placeholders[name] = input === undefined || typeof input === "string" ? input : standIns[name];
  }
  const yaml = pulumi
    .all(inputs as Record<string, pulumi.Input<string | undefined>>)
    .apply((values) => render(values as Partial<Record<K, string>>));
  return { yaml, placeholderYaml: render(placeholders) };
}

/** Looked up, never detected: whatever is found, this stack creates the same. */
async function findImports(
  { organization, imports = {} }: EscEnvironmentsArgs,
  owner: string | undefined,
  resource: pulumi.Resource,
): Promise<void> {
  if (owner === undefined) return;
  for (const qualified of Object.keys(imports)) {
    const [projectName, name = ""] = qualified.split("/");
    await pulumiservice
      .getEnvironment({ organizationName: organization, projectName, name }, { parent: resource })
      .catch(async (error: Error) => {
        const reason = error.message.replace(/^.* returned an error: /s, "");
        const text = `there is no environment ${organization}/${qualified} to import: run "pulumi up -s ${owner}" first, which creates it (${reason})`;
        await pulumi.log.error(text, resource);
        throw new pulumi.ResourceError(text, resource, true);
      });
  }
}

/**
 * A credential that was never rotated is in no environment: what imports one would check, be written, and open no more. Read
 * here is the definition with its secrets encrypted, as Pulumi's provider reads it (resources/environment.go, Read).
 */
function requireRotated(
  name: string,
  { organization, imports = {} }: EscEnvironmentsArgs,
  parent: pulumi.Resource,
): pulumi.Output<void>[] {
  return Object.keys(imports)
    .filter(isRotatedEnvironment)
    .map((qualified) => {
      const id = `${organization}/${qualified}`;
      const missing = async (): Promise<never> => {
        const text = `${id} has not been rotated yet, so nothing can import it: run "escapement rotate run --first ${id}" first`;
        await pulumi.log.error(text, parent);
        throw new pulumi.ResourceError(text, parent, true);
      };
      const [projectName, environmentName = ""] = qualified.split("/");
      const found = pulumiservice
        .getEnvironment({ organizationName: organization, projectName, name: environmentName }, { parent })
        .catch(missing);
      const existing = pulumiservice.Environment.get(
        `${name}-${environmentName}`,
        pulumi.output(found).apply(() => id),
        { parent, additionalSecretOutputs: ["yaml"] },
      );
      return existing.yaml.apply(async (yaml) => {
        if (rotatorsWithoutState(String(yaml)).length > 0) await missing();
      });
    });
}

/** What each environment of this stack is known as to the others while they are checked. */
function previewDefinitions({ project, environments }: EscEnvironmentsArgs): Record<string, string> {
  const definitions: Record<string, string> = {};
  for (const { name, yaml, placeholderYaml } of environments) {
    const text = placeholderYaml ?? yaml;
    if (typeof text === "string") definitions[`${project}/${name}`] = text;
  }
  return definitions;
}

function checkArgs({
  organization,
  project,
  environments,
  access = [],
}: EscEnvironmentsArgs): ArgumentIssue[] {
  const issues: ArgumentIssue[] = [];
  const checkName = (path: string, value: string) => {
    if (!/^[A-Za-z0-9_.-]{1,100}$/.test(value)) {
      issues.push({ path, reason: `"${value}" must be 1 to 100 of letters, digits and _ . -` });
    }
  };
  checkName("organization", organization);
  checkName("project", project);
  issues.push(...checkAccess(access));
  const seen = new Set<string>();
  environments.forEach(({ name, yaml, placeholderYaml }, index) => {
    checkName(`environments[${index}].name`, name);
    if (seen.has(name))
      issues.push({ path: `environments[${index}].name`, reason: `"${name}" is listed twice` });
    seen.add(name);
    if (typeof yaml !== "string" && placeholderYaml === undefined) {
      issues.push({
        path: `environments[${index}].placeholderYaml`,
        reason: "is required when yaml is an output: without it nothing could be checked before the first up",
      });
    }
  });
  return issues;
}
