import * as pulumi from "@pulumi/pulumi";
// In a project of your own: from "escapement".
import { AdapterRotate, SecretEntries } from "../../components";

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
const [adminEntry, adminArn] = [admin.names, admin.arns].map((of) =>
  of.apply((all) => all["database-admin"] as string),
);

const rotate = new AdapterRotate("rotate", {
  ...names,
  organization: pulumi.getOrganization(),
  targets: [
    {
      name: "database",
      environment: `${names.project}/rotated-${names.stage}-database`,
      settings: { ...database, users: ["orders_a", "orders_b"], ownerRole: "orders_owner", adminEntry },
      entryArns: adminArn === undefined ? [] : [adminArn],
    },
  ],
});

/** For `url` of `fn::rotate::external`. */
export const rotateUrl = rotate.url;
export const adminEntryName = adminEntry;
