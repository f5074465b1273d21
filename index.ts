import * as pulumi from "@pulumi/pulumi";
import {
  AdapterLambda,
  type EscEnvironmentArgs,
  EscEnvironments,
  EscLogin,
  GithubDeploy,
  OidcProvider,
  OidcProviderMode,
  renderTwice,
  requireDeployable,
  SecretEntries,
  StageBoundary,
  stageBoundaryArn,
} from "./components";
import { entryId } from "./esc/entry-id";
import { base, dev, placeholders, prod, type StageOptions, staging } from "./esc/environments";
import { type InventoryItem, itemsOf } from "./esc/inventory";
import { readSettings } from "./settings";
import { escAudience, PULUMI_ISSUER } from "./trust";

const settings = readSettings();
const { organization, project, stack, stages, github, access, resourceTypes } = settings;

/** Run by a person: what an account has once, all of it protected. A further account has `base-<account>` of its own. */
function shared() {
  const mode = OidcProviderMode.Create;
  const protect = { protect: true };
  const audience = escAudience({ organization, environment: `${project}/base` });
  const esc = new OidcProvider("esc-oidc", { issuer: PULUMI_ISSUER, audience, mode }, protect);
  for (const stage of stages) new StageBoundary(`boundary-${stage}`, { project, stage }, protect);
  const deploy = github && { ...github, project, stages, resourceTypes, oidcProvider: mode };
  const roles = deploy && new GithubDeploy("github", deploy, protect);
  return {
    ...(stack === "base" && environments({ name: "base", yaml: base(settings).render() })),
    escProviderArn: esc.arn,
    ...(roles && { previewRoleArn: roles.previewRoleArn, deployRoleArns: roles.deployRoleArns }),
  };
}

/** The environment for laptops. Nothing in AWS. */
function laptop() {
  return environments({ name: "dev", yaml: dev({ project }).render() }, pulumi.output(stack));
}

/** Everything of one stage, and nothing that another needs. */
function stage(name: "staging" | "prod", define: (options: StageOptions) => { render(): string }) {
  requireDeployable(resourceTypes);
  const [stored, asked] = [itemsOf(name, "aws-secrets"), itemsOf(name, "external")];
  const names = { project, stage: name };
  const entries = new SecretEntries("entries", {
    ...names,
    entries: [...stored, ...asked].map(({ name, description }) => ({ name, description })),
  });
  const arnOf = (item: InventoryItem) => entries.arns.apply((arns) => arns[item.name] as string);
  const own = { organization, ...names, permissionsBoundary: stageBoundaryArn(names) };

  const login = new EscLogin("esc-login", { ...own, entryArns: stored.map(arnOf) });
  const open = {
    environment: `${project}/${name}`,
    entries: asked.map((item) => ({ name: entryId(names, item.name), arn: arnOf(item) })),
  };
  const adapter = new AdapterLambda("adapter", { ...own, rules: [open] });

  const definition = renderTwice(
    (known) => define({ project, stacks: settings.stacks, ...known }).render(),
    { loginRoleArn: login.roleArn, adapterUrl: adapter.url },
    placeholders,
  );
  return {
    ...environments({ name, ...definition }, login.providerArn),
    secretEntries: entries.names,
    loginRoleArn: login.roleArn,
    adapterUrl: adapter.url,
  };
}

// Base owns what all import. It is looked up after `after`, so that a stage before base fails with one line.
const imports = { [`${project}/base`]: base(settings).render() };
const environments = (own: EscEnvironmentArgs, after?: pulumi.Output<string>) => {
  const importsOwner = after?.apply(() => "base");
  const args = { organization, project, environments: [own], imports, importsOwner, access };
  const { ids, definitions } = new EscEnvironments("environments", args, { protect: stack === "base" });
  return { environments: ids, definitions };
};

const stacks: Record<string, () => Record<string, unknown>> = {
  base: shared,
  dev: laptop,
  staging: () => stage("staging", staging),
  prod: () => stage("prod", prod),
};
const program = stacks[stack.replace(/^base-.*/, "base")];
if (program === undefined) {
  throw new pulumi.RunError(`no stack is called "${stack}": use one of ${Object.keys(stacks).join(", ")}`);
}

export = program();
