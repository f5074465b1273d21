import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
  AdapterLambda,
  AdapterNetwork,
  AdapterRotate,
  EscEnvironments,
  EscLogin,
  GithubDeploy,
  OidcIssuerMode,
  OidcProvider,
  OidcProviderMode,
  renderTwice,
  SecretEntries,
  StageBoundary,
} from "escapement";
import { at, awsLogin, awsSecrets, environment, external } from "escapement/esc";
import { escAudience, PULUMI_ISSUER } from "escapement/trust";

// What this company asks of everything in its accounts.
const key = new aws.kms.Key("key", { description: "Encrypts the shop's entries" });
const organization = pulumi.getOrganization();
const names = { project: "shop", stage: pulumi.getStack(), namePrefix: "acme-" };
const tags = { team: "shop" };
const rolePath = "/shop/";
// The most that any role of this stage can do; a real account has it from the stack that people run.
const boundary = new StageBoundary("boundary", { ...names, rolePath, tags });
const roles = { permissionsBoundary: boundary.arn, rolePath, tags };
const kmsKeyArn = key.arn;

// Who may log in. In a real account, the first two belong to a stack that a person runs once.
const provider = new OidcProvider("esc-oidc", {
  issuer: PULUMI_ISSUER,
  audience: escAudience({ organization, environment: "shop/staging" }),
  mode: OidcProviderMode.Create,
  tags,
});
const github = new GithubDeploy("github", {
  rolePath,
  tags,
  repository: "acme/shop",
  project: names.project,
  namePrefix: names.namePrefix,
  stages: ["staging"],
  environments: [{ name: "staging", branches: ["main"] }],
  pulumiLogin: {
    organization,
    mode: OidcIssuerMode.Create,
    policies: [{ environment: "staging", team: "shop-staging" }],
  },
  oidcProvider: OidcProviderMode.Create,
});

// What is secret: one entry of ours, and one that another team owns.
const entries = new SecretEntries("entries", {
  ...names,
  kmsKeyArn,
  tags,
  entries: [
    { name: "database", description: "Connection to the shop's database" },
    { name: "partner" },
    { name: "database-admin" },
  ],
  existing: [
    { name: "mail", arn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:platform/mail-AbCdEf" },
  ],
});
const arnOf = (name: string) => entries.arns.apply((arns) => arns[name] as string);
const nameOf = (name: string) => `${names.namePrefix}${names.project}/${names.stage}/${name}`;

// How it is read: by ESC's own role, and by the adapter in a private network.
const login = new EscLogin(
  "login",
  {
    ...names,
    ...roles,
    organization,
    kmsKeyArn,
    entryArns: [arnOf("database")],
    oidcProvider: OidcProviderMode.Skip,
  },
  { dependsOn: provider },
);
const network = new AdapterNetwork("network", { ...names, tags, endpoints: true });
const adapter = new AdapterLambda("adapter", {
  ...names,
  ...roles,
  organization,
  kmsKeyArn,
  rules: [{ environment: "shop/staging", entries: [{ name: nameOf("partner"), arn: arnOf("partner") }] }],
  subnetIds: network.subnetIds,
  securityGroupIds: network.securityGroupIds,
});

// What changes a password on ESC's word: a function of its own. Its environment is one of its own as well.
const rotate = new AdapterRotate("rotate", {
  ...names,
  ...roles,
  organization,
  kmsKeyArn,
  targets: [
    {
      name: "database",
      environment: "shop/rotated-staging-database",
      settings: {
        host: "db.internal",
        database: "shop",
        users: ["shop_a", "shop_b"],
        adminEntry: nameOf("database-admin"),
      },
      entryArns: [arnOf("database-admin")],
    },
  ],
});

// The environment that joins them, checked in the first preview although neither address exists yet.
const define = ({ roleArn, url }: { roleArn?: string; url?: string }) =>
  environment({ description: "What the shop's staging runs with" })
    .value(
      "entries",
      awsSecrets({
        region: "eu-west-1",
        login: awsLogin({
          roleArn: roleArn ?? "",
          sessionName: "shop",
          duration: "1h",
          subjectAttributes: ["currentEnvironment.name"],
        }),
        get: { database: { secretId: nameOf("database") } },
      }),
    )
    .value("partner", external({ url: url ?? "", request: { name: nameOf("partner") } }))
    .environmentVariables(({ entries, partner }) => ({
      DATABASE_URL: at<string>(entries, "database"),
      PARTNER_KEY: at<string>(partner, "response", "value"),
    }))
    .render();
const environments = new EscEnvironments("environments", {
  organization,
  project: "shop",
  environments: [
    {
      name: "staging",
      ...renderTwice(
        define,
        { roleArn: login.roleArn, url: adapter.url },
        { roleArn: "arn:aws:iam::000000000000:role/later", url: "https://later.invalid/" },
      ),
    },
  ],
});

export const environmentIds = environments.ids;
export const entryArns = entries.arns;
export const deployRoleArns = github.deployRoleArns;
/** For `url` of `fn::rotate::external`. */
export const rotateUrl = rotate.url;
