import assert from "node:assert/strict";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AdapterFrontDoor } from "../../components/adapter-http-api";
import { AdapterLambda } from "../../components/adapter-lambda";
import { AdapterRotate } from "../../components/adapter-rotate";
import { EscLogin } from "../../components/esc-login";
import { SecretEntries } from "../../components/secret-entries";
import { StageBoundary, stageBoundaryArn } from "../../components/stage-boundary";
import {
  COMPONENT_RESOURCES,
  HTTP_API_RESOURCES,
  requireDeployable,
  stageResources,
} from "../../components/stage-resources";
import {
  actionsOf,
  evaluateAccess,
  type PolicyDocument,
  RESOURCE_ACTIONS,
  renderDecision,
} from "../../trust/index";
import { ACCOUNT, awsAccount } from "../support/aws";
import { mockPulumi, outputValue, type Recorder, settled } from "../support/pulumi";
import { programFailure } from "../support/rejections";

const AT = "eu-west-1";
const arnOf = (service: string, resource: string) => `arn:aws:${service}:${AT}:${ACCOUNT}:${resource}`;
const PULUMI = "https://api.pulumi.com/oidc";
const entry = path.join(__dirname, "fixtures/own-handler.ts");
const names = { organization: "acme", project: "shop", stage: "staging", namePrefix: "acme-" };
const own = (name: string) => arnOf("secretsmanager", `secret:acme-shop/staging/${name}-AbCdEf`);
const kmsKeyArn = arnOf("kms", "key/0f1e2d3c");

const arns: Readonly<Record<string, (name: unknown) => string>> = {
  "aws:cloudwatch/logGroup:LogGroup": (name) => arnOf("logs", `log-group:${name}`),
  "aws:dynamodb/table:Table": (name) => arnOf("dynamodb", `table/${name}`),
  "aws:iam/role:Role": (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
  "aws:lambda/function:Function": (name) => arnOf("lambda", `function:${name}`),
  "aws:secretsmanager/secret:Secret": (name) => arnOf("secretsmanager", `secret:${name}-AbCdEf`),
};
const outputs = (type: string, _: string, { name }: Record<string, unknown>) => ({
  arn: arns[type]?.(name),
  functionUrl: "https://abc.lambda-url.eu-west-1.on.aws/",
  apiEndpoint: "https://abc.execute-api.eu-west-1.amazonaws.com",
  domainNameConfiguration: { targetDomainName: "d.example.com", hostedZoneId: "Z1" },
});
const mock = () =>
  mockPulumi({ outputs, calls: awsAccount({ providers: { [PULUMI]: ["aws:acme"] } }), stack: "staging" });

/** Each of our components as a stage uses it, with everything that it can be told to make. */
const components: Record<keyof typeof COMPONENT_RESOURCES, () => unknown> = {
  SecretEntries: () => new SecretEntries("entries", { ...names, entries: [{ name: "jwt" }], kmsKeyArn }),
  EscLogin: () => new EscLogin("login", { ...names, entryArns: [own("jwt")], kmsKeyArn }),
  AdapterLambda: () =>
    new AdapterLambda("adapter", {
      ...names,
      ...network,
      kmsKeyArn,
      entry,
      rules: [
        {
          environment: "shop/staging",
          entries: [{ name: "acme-shop/staging/partner", arn: own("partner") }],
        },
      ],
    }),
  AdapterRotate: () =>
    new AdapterRotate("rotate", {
      ...names,
      ...network,
      kmsKeyArn,
      entry,
      targets: [
        {
          name: "orders",
          environment: "shop/rotated-staging-orders",
          settings: {
            host: "db.internal",
            database: "orders",
            users: ["orders_a", "orders_b"],
            adminEntry: "acme-shop/staging/admin",
          },
          entryArns: [own("admin")],
        },
      ],
    }),
};
const network = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };
const made = ({ resources }: Recorder) =>
  [...new Set(resources.flatMap(({ type, custom }) => (custom ? [type] : [])))].sort();

async function boundary(args: { entryArns?: string[]; rolePath?: string } = {}) {
  const recorder = await mock();
  new StageBoundary("boundary", { ...names, ...args });
  await settled();
  return recorder.find("aws:iam/policy:Policy", "boundary-policy").inputs;
}

class Extra extends pulumi.CustomResource {}

describe("What a stage registers", () => {
  for (const [name, make] of Object.entries(components)) {
    it(`is listed for ${name} as it is registered`, async () => {
      const recorder = await mock();
      make();
      await settled();
      const listed = COMPONENT_RESOURCES[name as keyof typeof COMPONENT_RESOURCES];
      assert.deepEqual(made(recorder), [...listed].sort());
    });
  }

  it("is listed for an HTTP API with a domain as it is registered", async () => {
    const recorder = await mock();
    new AdapterLambda("adapter", {
      ...names,
      entry,
      rules: [],
      frontDoor: AdapterFrontDoor.HttpApi,
      httpApi: { domainName: "a.example.com", certificateArn: arnOf("acm", "certificate/1") },
    });
    await settled();
    const withoutUrl: string[] = COMPONENT_RESOURCES.AdapterLambda.filter(
      (type) => !/FunctionUrl|Parameter$/.test(type),
    );
    assert.deepEqual(made(recorder), [...withoutUrl, ...HTTP_API_RESOURCES].sort());
  });

  it("has a row in the table of actions for each type, with its source and actions as IAM spells them", () => {
    for (const type of stageResources({ httpApis: true })) assert.ok(RESOURCE_ACTIONS[type], type);
    for (const [type, row] of Object.entries(RESOURCE_ACTIONS)) {
      assert.match(row.source, /terraform-provider-aws|docs\.aws\.amazon\.com/, type);
      for (const action of actionsOf(row)) assert.match(action, /^[a-z0-9]+:[A-Za-z]+$/, type);
    }
  });

  for (const { says, type, more, reason } of [
    {
      says: "without a row in the table",
      type: "aws:sqs/queue:Queue",
      more: [],
      reason: /extra: aws:sqs\/queue:Queue: no deploy role could make it, for the table of actions/,
    },
    {
      says: "that the deploy role was not told of",
      type: "aws:apigatewayv2/api:Api",
      more: [],
      reason: /extra: aws:apigatewayv2\/api:Api is not among .* `resourceTypes` of GithubDeploy/,
    },
    {
      says: "that it was told of: none",
      type: "aws:apigatewayv2/api:Api",
      more: ["aws:apigatewayv2/api:Api"],
      reason: undefined,
    },
  ]) {
    it(`fails the program by name when it is wider by a type ${says}`, async () => {
      await mock();
      const program = pulumi.runtime.runInPulumiStack(async () => {
        requireDeployable(more);
        new Extra(type, "extra");
      });
      if (reason === undefined) await program;
      else {
        await assert.rejects(program, reason);
        assert.match((await programFailure()).message, reason);
      }
      await settled();
    });
  }
});

describe("StageBoundary", () => {
  it("is called as its ARN is foretold, on the path of the roles", async () => {
    const { name, path } = await boundary({ rolePath: "/teams/web/" });
    await mock();
    assert.equal(
      await outputValue(stageBoundaryArn({ ...names, rolePath: "/teams/web/" })),
      `arn:aws:iam::${ACCOUNT}:policy${path}${name}`,
    );
    await settled();
  });

  it("lets every role of the stage do what its own policy lets it, and not one action is lost", async () => {
    const document: PolicyDocument = JSON.parse(String((await boundary()).policy));
    let asked = 0;
    for (const make of Object.values(components)) {
      const recorder = await mock();
      make();
      await settled();
      for (const { inputs } of recorder.ofType("aws:iam/rolePolicy:RolePolicy")) {
        const policy = JSON.parse(String(inputs.policy)) as PolicyDocument;
        for (const { Effect, Action, Resource } of [policy.Statement].flat()) {
          if (Effect !== "Allow") continue;
          for (const action of [Action ?? []].flat()) {
            for (const resource of [Resource ?? []].flat()) {
              asked += 1;
              const decision = ask(document, { action, resource, identity: policy });
              assert.equal(
                decision.verdict,
                "allowed",
                `${action} on ${resource}: ${renderDecision(decision)}`,
              );
            }
          }
        }
      }
    }
    assert.ok(asked > 20, `only ${asked} were asked`);
  });

  it("keeps a role from everything else, whatever its own policy says", async () => {
    const shared = arnOf("secretsmanager", "secret:platform/mail-AbCdEf");
    const everything: PolicyDocument = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
    };
    const alone: PolicyDocument = JSON.parse(String((await boundary()).policy));
    const sharing: PolicyDocument = JSON.parse(String((await boundary({ entryArns: [shared] })).policy));
    const production = arnOf("secretsmanager", "secret:acme-shop/prod/jwt-AbCdEf");
    for (const [action, resource] of [
      ["secretsmanager:GetSecretValue", production],
      ["secretsmanager:GetSecretValue", shared],
      ["secretsmanager:PutResourcePolicy", own("jwt")],
      ["iam:CreateRole", `arn:aws:iam::${ACCOUNT}:role/acme-shop-staging-x`],
      ["sts:AssumeRole", `arn:aws:iam::${ACCOUNT}:role/admin`],
      ["lambda:UpdateFunctionCode", arnOf("lambda", "function:acme-shop-staging-adapter")],
      ["ssm:GetParameter", arnOf("ssm", "parameter/acme-shop/prod/x")],
    ] as const) {
      const decision = ask(alone, { action, resource, identity: everything });
      assert.equal(decision.verdict, "implicitly-denied", action);
      assert.equal(decision.deciding.layer, "boundary", action);
    }
    const read = { action: "secretsmanager:GetSecretValue", resource: shared, identity: everything };
    assert.equal(ask(sharing, read).verdict, "allowed");
  });

  function ask(
    boundary: PolicyDocument,
    { action, resource, identity }: { action: string; resource: string; identity: PolicyDocument },
  ) {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/acme-shop-staging-adapter`;
    return evaluateAccess({
      request: {
        principal: {
          kind: "session",
          arn: `arn:aws:sts::${ACCOUNT}:assumed-role/acme-shop-staging-adapter/x`,
          roleArn,
        },
        action,
        resource,
        context: { "kms:ViaService": `secretsmanager.${AT}.amazonaws.com` },
      },
      identityPolicies: [identity],
      permissionsBoundary: boundary,
    });
  }
});
