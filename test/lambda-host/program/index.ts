import * as aws from "@pulumi/aws";
import { AdapterLambda } from "../../../components/adapter-lambda";

const database = new aws.secretsmanager.Secret("database", { name: "escapement/staging/database" });

const adapter = new AdapterLambda("adapter", {
  organization: "acme",
  project: "escapement",
  stage: "staging",
  rules: [
    {
      environment: "escapement/staging",
      entries: [{ name: "escapement/staging/database", arn: database.arn }],
    },
  ],
  tags: { stage: "staging" },
});

export const url = adapter.url;
