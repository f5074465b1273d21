import * as pulumi from "@pulumi/pulumi";
// In a project of your own both are from "escapement".
import { AdapterRotate } from "../../components/adapter-rotate";
import { SecretEntries } from "../../components/secret-entries";

/** `orders:database`: where the server is, and how to know it. */
interface Database {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly ca: string;
  readonly tlsServerName?: string;
}

const names = { project: pulumi.getProject(), stage: pulumi.getStack() };
const database = new pulumi.Config().requireObject<Database>("database");

// The login that changes the passwords. Put its value in by hand: { "username": …, "password": … }
const admin = new SecretEntries("admin", { ...names, entries: [{ name: "database-admin" }] });
const adminEntry = admin.names.apply((names) => names["database-admin"] as string);
const adminArn = admin.arns.apply((arns) => arns["database-admin"] as string);

const rotate = new AdapterRotate("rotate", {
  ...names,
  organization: pulumi.getOrganization(),
  targets: [
    {
      name: "database",
      environment: `${names.project}/rotated-${names.stage}-database`,
      settings: { ...database, users: ["orders_a", "orders_b"], ownerRole: "orders_owner", adminEntry },
      entryArns: [adminArn],
    },
  ],
});

/** For `url` of `fn::rotate::external`. */
export const rotateUrl = rotate.url;
export const adminEntryName = adminEntry;
