import * as pulumi from "@pulumi/pulumi";
import { EscEnvironments, renderTwice, SecretEntries } from "./components/index";
import { base, dev, placeholders, prod, type StageOptions, staging } from "./esc/environments/index";
import { itemsOf } from "./esc/inventory";
import { readSettings } from "./settings";

const settings = readSettings();
const { organization, project, stack } = settings;

// What every other environment imports. The base stack owns it; the others check their references against it.
const baseYaml = base(settings).render();
const imports = { [`${project}/base`]: baseYaml };

const stacks: Record<string, () => StackOutputs> = {
  base: sharedByAllStages,
  dev: laptop,
  staging: () => stage("staging", staging),
  prod: () => stage("prod", prod),
};

interface StackOutputs {
  environments: pulumi.Output<Record<string, string>>;
  secretEntries?: pulumi.Output<Record<string, string>>;
}

function sharedByAllStages() {
  const environments = [{ name: "base", yaml: baseYaml }];
  const owned = new EscEnvironments(
    "environments",
    { organization, project, environments },
    { protect: true },
  );
  return { environments: owned.ids };
}

function laptop() {
  const environments = [{ name: "dev", yaml: dev({ project }).render() }];
  return {
    environments: new EscEnvironments("environments", { organization, project, environments, imports }).ids,
  };
}

function stage(name: "staging" | "prod", define: (options: StageOptions) => { render(): string }) {
  const entries = new SecretEntries("entries", {
    project,
    stage: name,
    entries: itemsOf(name, "aws-secrets").map(({ name, description }) => ({ name, description })),
  });
  const definition = renderTwice(
    (known) => define({ project, stacks: settings.stacks, ...known }).render(),
    { loginRoleArn: settings.loginRoleArn, adapterUrl: settings.adapterUrl },
    placeholders,
  );
  const environments = [{ name, ...definition }];
  const owned = new EscEnvironments("environments", { organization, project, environments, imports });
  return { environments: owned.ids, secretEntries: entries.names };
}

const program = stacks[stack];
if (program === undefined) {
  throw new pulumi.RunError(`no stack is called "${stack}": use one of ${Object.keys(stacks).join(", ")}`);
}
const outputs = program();

/** `organization/project/environment` of each environment that this stack owns. */
export const environments = outputs.environments;
/** Name of each Secrets Manager entry that this stack owns. Their values are put there by people. */
export const secretEntries = outputs.secretEntries ?? {};
