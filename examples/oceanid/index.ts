import * as pulumi from "@pulumi/pulumi";
// In a project of your own these are from "escapement".
import { EscEnvironments, renderTwice } from "../../components/esc-environments";
import { EscLogin } from "../../components/esc-login";
import { OidcProviderMode } from "../../components/oidc-provider";
import { SecretEntries } from "../../components/secret-entries";
import { selectItems } from "../../esc";
import { prod, project } from "./environment";
import { inventory } from "./inventory";

const organization = pulumi.getOrganization();
const stage = "prod";
const region = new pulumi.Config("aws").require("region");

// Entries without a value: `escapement migrate` or a person puts them there.
const stored = selectItems(inventory, stage, "aws-secrets");
const entries = new SecretEntries("entries", {
  project,
  stage,
  entries: stored.map(({ name, description }) => ({ name, description })),
});

// ESC logs in by OIDC and reads these entries and no others. The only stack of its account makes the provider.
const login = new EscLogin("esc-login", {
  organization,
  project,
  stage,
  entryArns: entries.arns.apply((arns) => Object.values(arns)),
  oidcProvider: OidcProviderMode.Create,
});

const definition = renderTwice(
  (known) => prod({ region, ...known }).render(),
  { loginRoleArn: login.roleArn },
  { loginRoleArn: "arn:aws:iam::000000000000:role/not-known-yet" },
);
new EscEnvironments("environments", {
  organization,
  project,
  environments: [{ name: stage, ...definition }],
});

/** Where values are put. */
export const secretEntries = entries.names;
