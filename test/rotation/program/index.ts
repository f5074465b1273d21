import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { AdapterFrontDoor } from "../../../components/adapter-http-api";
import { AdapterRotate } from "../../../components/adapter-rotate";
import { EscEnvironments, renderTwice } from "../../../components/esc-environments";
import { RotatedEnvironment } from "../../../components/rotated-environment";
import { adapterAddresses, rotated } from "../../../esc/environments";

const names = { organization: "acme", project: "partner", stage: "staging" };
const config = new pulumi.Config();

const admin = new aws.secretsmanager.Secret("admin", { name: "partner/staging/admin" });
const topic = "arn:aws:sns:eu-west-1:123456789012:on-call";
const rotate = new AdapterRotate("rotate", {
  ...names,
  alarmActions: [topic],
  targets: [
    {
      name: "key",
      rotator: "http-api",
      environment: "partner/rotated-staging-key",
      settings: {
        origin: "https://keys.example.com",
        keyPrefix: "partner-staging",
        adminEntry: admin.name,
        adminHeaders: { authorization: "Bearer {{admin.token}}" },
        create: { path: "/keys", body: { name: "{{name}}" }, id: "/id", key: "/secret" },
        list: { path: "/keys", items: "", id: "/id", name: "/name" },
        delete: { path: "/keys/{{id}}" },
        verify: { path: "/me", headers: { "x-api-key": "{{key}}" } },
      },
      entryArns: [admin.arn],
      soonHours: 1,
    },
  ],
  // What moves the address.
  ...(config.getBoolean("httpApi") && { frontDoor: AdapterFrontDoor.HttpApi }),
});

const addresses = new EscEnvironments("addresses", {
  organization: "acme",
  project: "partner",
  environments: [
    {
      name: "staging-adapter",
      ...renderTwice(
        ({ rotateUrl = "" }) => adapterAddresses({ stage: "staging", rotateUrl }).render(),
        { rotateUrl: rotate.url },
        { rotateUrl: "https://not-known-yet.invalid/rotate" },
      ),
    },
  ],
});
new RotatedEnvironment(
  "key",
  { ...names, name: "key", rotator: "http-api", scheduleCron: "0 3 1 * *" },
  { dependsOn: addresses },
);

// What applications open, once there is something in it.
if (config.getBoolean("stage")) {
  new EscEnvironments("stage", {
    organization: "acme",
    project: "partner",
    environments: [
      {
        name: "staging",
        yaml: "imports: [partner/rotated-staging-key]\nvalues:\n  id: ${rotated.key.current.id}\n",
      },
    ],
    imports: {
      "partner/rotated-staging-key": rotated({ ...names, name: "key", rotator: "http-api" }).render(),
      "partner/staging-adapter": adapterAddresses({
        stage: "staging",
        rotateUrl: "https://not-known-yet.invalid/rotate",
      }).render(),
    },
  });
}

// Who uses the key is told, and restarts.
const told = new aws.cloudwatch.EventRule("told", {
  eventPattern: JSON.stringify({ source: ["escapement"], "detail-type": ["Rotation succeeded"] }),
});
new aws.cloudwatch.EventTarget("told", {
  rule: told.name,
  arn: "arn:aws:sqs:eu-west-1:123456789012:restarts",
});

export const url = rotate.url;
export const functionName = rotate.functionName;
