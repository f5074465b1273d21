import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { AdapterFrontDoor } from "../../../components/adapter-http-api";
import { AdapterLambda } from "../../../components/adapter-lambda";

const domainName = new pulumi.Config().get("domainName");

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
  ...(domainName !== undefined && {
    frontDoor: AdapterFrontDoor.HttpApi,
    httpApi: { domainName, certificateArn: "arn:aws:acm:eu-central-1:123456789012:certificate/one" },
  }),
});

export const url = adapter.url;
export const domainTarget = adapter.domainTarget;
