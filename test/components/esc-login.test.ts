import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { EscLogin, type EscLoginArgs } from "../../components/esc-login";
import { OidcProviderMode } from "../../components/oidc-provider";
import { SecretEntries } from "../../components/secret-entries";
import { ACCOUNT, awsAccount, providerArn } from "../support/aws";
import { isUnknown, type MockOptions, mockPulumi, outputValue, settled } from "../support/pulumi";
import { programFailure } from "../support/rejections";

const ROLE = "aws:iam/role:Role";
const POLICY = "aws:iam/rolePolicy:RolePolicy";
const PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";
const PULUMI = "https://api.pulumi.com/oidc";
const calls = awsAccount({ providers: { [PULUMI]: ["aws:acme"] } });

const arnOf = (name: string, partition = "aws") =>
  `arn:${partition}:secretsmanager:eu-west-1:${ACCOUNT}:secret:escapement/staging/${name}-AbCdEf`;
const roleArn = `arn:aws:iam::${ACCOUNT}:role/escapement-staging-esc-login`;

async function create(args: Partial<EscLoginArgs> = {}, options: MockOptions = {}) {
  const recorder = await mockPulumi({
    calls,
    outputs: (type): Record<string, unknown> =>
      options.preview ? {} : { arn: type === ROLE ? roleArn : providerArn(PULUMI) },
    ...options,
  });
  const login = new EscLogin("login", {
    organization: "acme",
    project: "escapement",
    stage: "staging",
    entryArns: [arnOf("jwt"), arnOf("database")],
    ...args,
  });
  return { login, recorder };
}

const documentIn = (text: unknown) => JSON.parse(text as string);

describe("EscLogin", () => {
  it("trusts exactly the organization's audience, the environment and its live revision", async () => {
    for (const preview of [false, true]) {
      const { recorder } = await create({}, { preview });
      await settled();
      const { inputs } = recorder.find(ROLE, "login-role");
      assert.deepEqual(documentIn(inputs.assumeRolePolicy), {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "EscLogin",
            Effect: "Allow",
            Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/api.pulumi.com/oidc` },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: {
              StringEquals: {
                "api.pulumi.com/oidc:aud": "aws:acme",
                "api.pulumi.com/oidc:sub": [
                  "pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:escapement/staging",
                  "pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:escapement/staging@live",
                ],
              },
            },
          },
        ],
      });
    }
  });

  it("reads exactly the entries it is given", async () => {
    const { recorder } = await create();
    await settled();
    const { inputs } = recorder.find(POLICY, "login-role-permissions");
    assert.equal(inputs.role, "escapement-staging-esc-login");
    assert.deepEqual(documentIn(inputs.policy), {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "ReadEntries",
          Effect: "Allow",
          Action: "secretsmanager:GetSecretValue",
          Resource: [arnOf("database"), arnOf("jwt")],
        },
      ],
    });
  });

  it("decrypts by the given key, through Secrets Manager alone", async () => {
    const hosts: Record<string, unknown> = {};
    for (const [partition, region] of [
      ["aws", "eu-west-1"],
      ["aws-cn", "cn-north-1"],
    ]) {
      const kmsKeyArn = `arn:${partition}:kms:${region}:${ACCOUNT}:key/1234`;
      const { recorder } = await create({ kmsKeyArn });
      await settled();
      const [, decrypt, ...others] = documentIn(
        recorder.find(POLICY, "login-role-permissions").inputs.policy,
      ).Statement;
      assert.deepEqual(others, []);
      const { Condition, ...rest } = decrypt;
      assert.deepEqual(rest, {
        Sid: "DecryptEntries",
        Effect: "Allow",
        Action: "kms:Decrypt",
        Resource: kmsKeyArn,
      });
      hosts[partition as string] = Condition;
    }
    assert.deepEqual(hosts, {
      aws: { StringEquals: { "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com" } },
      "aws-cn": {
        StringEquals: {
          "kms:ViaService": [
            "secretsmanager.cn-north-1.amazonaws.com",
            "secretsmanager.cn-north-1.amazonaws.com.cn",
          ],
        },
      },
    });
  });

  it("lets a session last as long as ESC asks for when nobody says otherwise", async () => {
    const { recorder } = await create();
    await settled();
    const { assumeRolePolicy, ...inputs } = recorder.find(ROLE, "login-role").inputs;
    assert.ok(assumeRolePolicy);
    assert.deepEqual(inputs, {
      name: "escapement-staging-esc-login",
      path: "/",
      description: "Lets the ESC environment escapement/staging of acme read its secret entries",
      maxSessionDuration: 7200,
    });
  });

  it("passes on the prefix, the path, the boundary, the tags and the session's length", async () => {
    const { recorder } = await create({
      namePrefix: "team-",
      rolePath: "/esc/",
      permissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/boundary`,
      tags: { team: "web" },
      maxSessionSeconds: 3600,
      environment: "shop.web/eu_staging",
    });
    await settled();
    const { assumeRolePolicy, ...inputs } = recorder.find(ROLE, "login-role").inputs;
    assert.deepEqual(inputs, {
      name: "team-escapement-staging-esc-login",
      path: "/esc/",
      description: "Lets the ESC environment shop.web/eu_staging of acme read its secret entries",
      permissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/boundary`,
      tags: { team: "web" },
      maxSessionDuration: 3600,
    });
    assert.match(assumeRolePolicy as string, /currentEnvironment\.name:shop\.web\/eu_staging@live/);
  });

  it("is the parent of everything it creates", async () => {
    const { recorder } = await create({ oidcProvider: OidcProviderMode.Create });
    await settled();
    const own = "escapement:index:EscLogin";
    assert.deepEqual(recorder.parentage(), {
      login: own,
      "login-oidc": `${own}$escapement:index:OidcProvider`,
      "login-oidc-provider": `escapement:index:OidcProvider$${PROVIDER}`,
      "login-role": `${own}$${ROLE}`,
      "login-role-permissions": `${own}$${POLICY}`,
    });
    assert.deepEqual(recorder.find(PROVIDER, "login-oidc-provider").inputs.clientIdLists, ["aws:acme"]);
  });

  it("registers all of it in a preview that knows neither entries nor provider", async () => {
    const recorder = await mockPulumi({ preview: true });
    const { arns } = new SecretEntries("entries", {
      project: "escapement",
      stage: "staging",
      entries: [{ name: "jwt" }],
    });
    const login = new EscLogin("login", {
      organization: "acme",
      project: "escapement",
      stage: "staging",
      entryArns: arns.apply((arns) => Object.values(arns)),
      oidcProvider: OidcProviderMode.Create,
    });
    assert.equal(await isUnknown(login.providerArn), true);
    await settled();
    assert.ok(pulumi.isUnknown(recorder.find(ROLE, "login-role").inputs.assumeRolePolicy));
    assert.ok(pulumi.isUnknown(recorder.find(POLICY, "login-role-permissions").inputs.policy));
  });

  it("registers its outputs", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(recorder.registeredOutputs("login"), ["providerArn", "roleArn", "roleName"]);
  });

  it("publishes the role and the provider", async () => {
    const { login } = await create();
    assert.equal(await outputValue(login.roleArn), roleArn);
    assert.equal(await outputValue(login.roleName), "escapement-staging-esc-login");
    assert.equal(await outputValue(login.providerArn), providerArn(PULUMI));
    await settled();
    const preview = await create({}, { preview: true });
    assert.equal(await isUnknown(preview.login.roleArn), true);
    assert.equal(await outputValue(preview.login.roleName), "escapement-staging-esc-login");
    await settled();
  });
});

describe("EscLogin's arguments", () => {
  it("are refused all at once", async () => {
    await assert.rejects(
      create({
        organization: "acme corp",
        stage: "stag ing",
        environment: "escapement/staging@live",
        entryArns: [],
        kmsKeyArn: "alias/entries",
        rolePath: "esc",
        maxSessionSeconds: 900,
        namePrefix: "a".repeat(40),
      }),
      (error: Error) => {
        for (const part of [
          'organization: "acme corp"',
          'stage: "stag ing"',
          'environment: "escapement/staging@live"',
          "entryArns: must name at least one",
          'kmsKeyArn: "alias/entries"',
          'rolePath: "esc"',
          "maxSessionSeconds: 900",
          "of at most 64",
        ]) {
          assert.ok(error.message.includes(part), `${part} is missing from: ${error.message}`);
        }
        return true;
      },
    );
    await settled();
  });

  it("are refused as well when they become known only on the way", async () => {
    await create({ entryArns: pulumi.output([]) });
    assert.match((await programFailure()).message, /entryArns: must name at least one entry/);
  });
});
