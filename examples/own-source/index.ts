import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AdapterLambda } from "escapement";

const adapter = new AdapterLambda("adapter", {
  organization: pulumi.getOrganization(),
  project: "shop",
  stage: pulumi.getStack(),
  entry: path.join(__dirname, "source.ts"),
  rules: [{ environment: "shop/staging", source: "partner", entries: [{ name: "maps" }] }],
  sourceSettings: { partner: { keys: { maps: "m-1" } } },
});

/** For `url` of `fn::open::external`. */
export const adapterUrl = adapter.url;
