import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
// In a project of your own these are from "escapement".
import { AdapterLambda } from "../../components/adapter-lambda";
import {
  AdapterNorthflankModePolicy,
  AdapterNorthflankOwnerPolicy,
} from "../../components/adapter-northflank";
import { SecretEntries } from "../../components/secret-entries";

const names = { project: pulumi.getProject(), stage: pulumi.getStack() };
const prefix = `${names.project}/${names.stage}`;

// Put their values in by hand. `legacy`: { "token": … }; `database`: { "url": …, "key": … }; `northflank`: a text of 32
// bytes at least, which Northflank gets, too.
const entries = new SecretEntries("entries", {
  ...names,
  entries: [{ name: "legacy" }, { name: "database" }, { name: "northflank" }],
});
const level = new aws.ssm.Parameter("log-level", {
  name: `/${prefix}/log-level`,
  type: aws.ssm.ParameterType.String,
  insecureValue: "info",
});

const adapter = new AdapterLambda(
  "adapter",
  {
    ...names,
    organization: pulumi.getOrganization(),
    rules: [
      { environment: prefix, source: "http", entries: [{ name: "legacy/account=*" }] },
      { environment: prefix, source: "parameter-store", entries: [{ name: `/${prefix}/log-level` }] },
    ],
    sourceSettings: {
      // The system that ESC has no provider for: one host, one path, and of its answers this member alone.
      http: {
        cacheSeconds: 30,
        upstreams: {
          legacy: {
            origin: new pulumi.Config().require("legacy"),
            path: "/accounts/{account}/api-key",
            credential: { entry: `${prefix}/legacy`, key: "token" },
            response: { apiKey: "string" },
          },
        },
      },
    },
    northflank: {
      sharedSecret: `${prefix}/northflank`,
      rules: [
        {
          project: names.project,
          object: "invoice-*",
          objectTypes: ["job"],
          secrets: [
            { key: "DATABASE_URL", request: { name: `${prefix}/database`, key: "url" } },
            { key: "LOG_LEVEL", source: "parameter-store", request: { name: `/${prefix}/log-level` } },
            {
              path: "/etc/billing/database.key",
              request: { name: `${prefix}/database`, key: "key" },
              owner: { policy: AdapterNorthflankOwnerPolicy.AlwaysSetExplicit, value: "1000" },
              group: { policy: AdapterNorthflankOwnerPolicy.AlwaysSetExplicit, value: "1000" },
              permissions: { policy: AdapterNorthflankModePolicy.AlwaysSet, mode: "0400" },
            },
            {
              path: "/etc/billing/api-key",
              source: "http",
              request: { upstream: "legacy", parameters: { account: "invoices" } },
              select: ["value", "apiKey"],
              permissions: { policy: AdapterNorthflankModePolicy.KeepOrSet, mode: "0640" },
            },
          ],
        },
      ],
    },
  },
  { dependsOn: [entries, level] },
);

/** For `url` of `fn::open::external`. */
export const adapterUrl = adapter.url;
/** For Northflank. */
export const northflankUrl = adapter.northflankUrl;
