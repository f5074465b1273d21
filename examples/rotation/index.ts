import * as pulumi from "@pulumi/pulumi";
// In a project of your own the components and `renderTwice` are from "escapement", the rest from "escapement/esc".
import { AdapterRotate } from "../../components/adapter-rotate";
import { EscEnvironments, renderTwice } from "../../components/esc-environments";
import { RotatedEnvironment } from "../../components/rotated-environment";
import { SecretEntries } from "../../components/secret-entries";
import { adapterAddresses, adapterEnvironmentName, rotatedEnvironmentName } from "../../esc/environments";

/** `orders:database`: where the server is, and how to know it. */
interface Database {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly ca: string;
  readonly tlsServerName?: string;
}

const names = { project: pulumi.getProject(), stage: pulumi.getStack() };
const organization = pulumi.getOrganization();
const config = new pulumi.Config();
const database = config.requireObject<Database>("database");
const credential = { ...names, name: "database" };

// The login that changes the passwords. Put its value in by hand: { "username": …, "password": … }
const admin = new SecretEntries("admin", { ...names, entries: [{ name: "database-admin" }] });
const adminEntry = admin.names.apply((names) => names["database-admin"] as string);
const adminArn = admin.arns.apply((arns) => arns["database-admin"] as string);

const rotate = new AdapterRotate("rotate", {
  ...names,
  organization,
  targets: [
    {
      name: "database",
      environment: `${names.project}/${rotatedEnvironmentName(credential)}`,
      settings: { ...database, users: ["orders_a", "orders_b"], ownerRole: "orders_owner", adminEntry },
      entryArns: [adminArn],
    },
  ],
});

// Where the adapter is, apart from what is rotated: this one may change.
const addresses = new EscEnvironments("addresses", {
  organization,
  project: names.project,
  environments: [
    {
      name: adapterEnvironmentName(names.stage),
      ...renderTwice(
        ({ rotateUrl = "" }) => adapterAddresses({ stage: names.stage, rotateUrl }).render(),
        { rotateUrl: rotate.url },
        { rotateUrl: "https://not-known-yet.invalid/rotate" },
      ),
    },
  ],
});

// On the first of each month at three.
const rotated = new RotatedEnvironment(
  "database",
  { organization, ...credential, scheduleCron: "0 3 1 * *" },
  { dependsOn: addresses },
);

export const rotateUrl = rotate.url;
export const rotateFunction = rotate.functionName;
export const adminEntryName = adminEntry;
/** What `escapement rotate` is told. */
export const environment = rotated.environmentId;
