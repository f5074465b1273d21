import assert from "node:assert/strict";
import {
  BatchGetSecretValueCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
} from "@aws-sdk/client-secrets-manager";
import { AssumeRoleWithWebIdentityCommand } from "@aws-sdk/client-sts";
import type { Role, SecretEntry } from "../../sandbox/aws/account";
import { createPolicy, putRolePolicy } from "../../sandbox/aws/iam";
import { createKey } from "../../sandbox/aws/kms-keys";
import { createSecret } from "../../sandbox/aws/secret-entries";
import { escLoginClaims, Issuer } from "../../sandbox/issuers/index";
import { type Check, type Decision, type PolicyLayer, PULUMI_ISSUER } from "../../trust/index";
import { allow, Laptop, stagingTrust } from "./laptop";

const value = "a-value-that-nobody-may-see";
const get = "secretsmanager:GetSecretValue";
const boundaryArn = "arn:aws:iam::123456789012:policy/limit";

/** One for all: what differs between the tests is the account. */
const pulumi = new Issuer({ url: PULUMI_ISSUER });

/** The account in which everything fits, and the way through it: log in, read. */
class World {
  readonly laptop = new Laptop({ pulumi });
  readonly entry: SecretEntry;
  readonly role: Role;

  constructor() {
    const { account } = this.laptop;
    this.laptop.registerProviders();
    const key = createKey(account, { region: "us-east-1" });
    this.entry = createSecret(account, {
      name: "escapement/staging/database",
      kmsKeyId: key.arn,
      version: { id: "v".repeat(32), value: { text: value }, kmsKeyArn: key.arn },
    });
    createPolicy(account, { name: "limit", document: JSON.stringify(allow([get, "kms:Decrypt"], "*")) });
    this.role = this.laptop.role("esc-staging", stagingTrust(), allow(get, this.entry.arn), {
      permissionsBoundary: boundaryArn,
    });
    putRolePolicy(account, "esc-staging", "key", JSON.stringify(allow("kms:Decrypt", key.arn)));
  }

  async login(Policy?: string) {
    const token = await this.laptop.pulumi.mint(
      escLoginClaims({
        organization: "acme",
        environment: "escapement/staging",
        subjectAttributes: ["currentEnvironment.name"],
      }),
    );
    const { Credentials: keys } = await this.laptop.sts().send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: this.role.arn,
        RoleSessionName: "alice",
        WebIdentityToken: token,
        Policy,
      }),
    );
    return {
      accessKeyId: keys?.AccessKeyId as string,
      secretAccessKey: keys?.SecretAccessKey as string,
      sessionToken: keys?.SessionToken as string,
    };
  }

  async read(sessionPolicy?: string): Promise<string | undefined> {
    const client = this.laptop.secretsManager(await this.login(sessionPolicy));
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: this.entry.arn }));
    return SecretString;
  }
}

const user = "User: arn:aws:sts::123456789012:assumed-role/esc-staging/alice is not authorized to perform: ";

interface Break {
  readonly title: string;
  /** Breaks one thing by hand. May return a session policy to log in with. */
  readonly by: (world: World) => string | undefined;
  readonly layer: PolicyLayer;
  readonly element: Check["element"];
  readonly key?: string;
  readonly code: string;
  /** With `<entry>` for the entry's ARN. */
  readonly message: string;
  readonly verdict?: Decision["verdict"];
}

function replaceTrust(world: World, from: string, to: string): undefined {
  const changed = world.role.trustPolicy.replaceAll(from, to);
  assert.notEqual(changed, world.role.trustPolicy);
  world.role.trustPolicy = changed;
}

function replacePermissions(world: World, document: object): undefined {
  world.role.inlinePolicies.set("permissions", JSON.stringify(document));
}

function replaceBoundary(world: World, document: object): undefined {
  const boundary = world.laptop.account.managedPolicies.get(boundaryArn);
  assert.ok(boundary);
  boundary.document = JSON.stringify(document);
}

const deny = (statement: Record<string, unknown>) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Sid: "No", Effect: "Deny", Resource: "*", ...statement }],
  });

const breaks: readonly Break[] = [
  {
    title: "the subject in the trust policy",
    by: (world) => replaceTrust(world, "escapement/staging", "escapement/production"),
    layer: "trust",
    element: "Condition",
    key: "api.pulumi.com/oidc:sub",
    code: "AccessDenied",
    message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
  },
  {
    title: "the audience in the trust policy",
    by: (world) => replaceTrust(world, '"aws:acme"', '"aws:acne"'),
    layer: "trust",
    element: "Condition",
    key: "api.pulumi.com/oidc:aud",
    code: "AccessDenied",
    message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
  },
  {
    title: "the principal in the trust policy",
    by: (world) =>
      replaceTrust(world, "oidc-provider/api.pulumi.com/oidc", "oidc-provider/api.pulumi.com/oidc/v2"),
    layer: "trust",
    element: "Principal",
    code: "AccessDenied",
    message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
  },
  {
    title: "the action in the trust policy",
    by: (world) => replaceTrust(world, "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"),
    layer: "trust",
    element: "Action",
    code: "AccessDenied",
    message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
  },
  {
    title: "the action in the role's policy",
    by: (world) => replacePermissions(world, allow("secretsmanager:DescribeSecret", world.entry.arn)),
    layer: "identity",
    element: "Action",
    code: "AccessDeniedException",
    message: `${user}${get} on resource: <entry> because no identity-based policy allows the ${get} action`,
  },
  {
    title: "the resource in the role's policy",
    by: (world) => replacePermissions(world, allow(get, world.entry.arn.replace("staging", "prod"))),
    layer: "identity",
    element: "Resource",
    code: "AccessDeniedException",
    message: `${user}${get} on resource: <entry> because no identity-based policy allows the ${get} action`,
  },
  {
    title: "the action in the boundary",
    by: (world) => replaceBoundary(world, allow("kms:Decrypt", "*")),
    layer: "boundary",
    element: "Action",
    code: "AccessDeniedException",
    message: `${user}${get} on resource: <entry> because no permissions boundary allows the ${get} action`,
  },
  {
    title: "the resource in the boundary",
    by: (world) =>
      replaceBoundary(
        world,
        allow([get, "kms:Decrypt"], "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"),
      ),
    layer: "boundary",
    element: "Resource",
    code: "AccessDeniedException",
    message: `${user}${get} on resource: <entry> because no permissions boundary allows the ${get} action`,
  },
  {
    title: "the session policy",
    by: () => JSON.stringify(allow("secretsmanager:DescribeSecret", "*")),
    layer: "session",
    element: "Action",
    code: "AccessDeniedException",
    message: `${user}${get} on resource: <entry> because no session policy allows the ${get} action`,
  },
  {
    title: "the entry's policy, by a deny",
    by: (world) => {
      world.entry.resourcePolicy = deny({ Principal: "*", Action: get });
      return undefined;
    },
    layer: "resource",
    element: "Action",
    code: "AccessDeniedException",
    message: `${user}${get} on resource: <entry> with an explicit deny in a resource-based policy`,
    verdict: "explicitly-denied",
  },
  {
    title: "the role's policy, by a deny",
    by: (world) => {
      world.role.inlinePolicies.set("no", deny({ Action: "secretsmanager:*" }));
      return undefined;
    },
    layer: "identity",
    element: "Action",
    code: "AccessDeniedException",
    message: `${user}${get} on resource: <entry> with an explicit deny in an identity-based policy`,
    verdict: "explicitly-denied",
  },
  {
    title: "the boundary, by a deny",
    by: (world) =>
      replaceBoundary(world, {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: "*", Resource: "*" },
          { Sid: "No", Effect: "Deny", Action: "secretsmanager:Get*", Resource: "*" },
        ],
      }),
    layer: "boundary",
    element: "Action",
    code: "AccessDeniedException",
    message: `${user}${get} on resource: <entry> with an explicit deny in a permissions boundary`,
    verdict: "explicitly-denied",
  },
  {
    title: "the permission for the key",
    by: (world) => {
      const policy = world.role.inlinePolicies.get("key") ?? "";
      world.role.inlinePolicies.set("key", policy.replace("kms:Decrypt", "kms:Encrypt"));
      return undefined;
    },
    layer: "identity",
    element: "Action",
    code: "AccessDeniedException",
    message: "Access to KMS is not allowed",
  },
  {
    title: "the key's policy",
    by: (world) => {
      const [key] = world.laptop.account.keys.values();
      assert.ok(key);
      key.policy = key.policy.replace("123456789012:root", "210987654321:root");
      return undefined;
    },
    layer: "resource",
    element: "Principal",
    code: "AccessDeniedException",
    message: "Access to KMS is not allowed",
  },
];

describe("A decision", () => {
  const worlds: World[] = [];
  async function world(): Promise<World> {
    const made = new World();
    worlds.push(made);
    await made.laptop.start();
    return made;
  }
  afterEach(async () => {
    for (const { laptop } of worlds.splice(0)) {
      const text = JSON.stringify(laptop.decisions);
      assert.ok(!text.includes(value) && !text.includes("eyJ"));
      for (const session of laptop.account.sessions.values()) {
        assert.ok(!text.includes(session.secretAccessKey));
        assert.ok(!session.sessionToken || !text.includes(session.sessionToken));
      }
      await laptop.stop();
    }
  });

  it("lets through what fits, and says at each step which statement did", async () => {
    const whole = await world();
    assert.equal(await whole.read(), value);
    assert.deepEqual(
      whole.laptop.decisions.map(({ action, allowed, because }) => [action, allowed, because.split("\n")[0]]),
      [
        [
          "sts:AssumeRoleWithWebIdentity",
          true,
          "allowed: trust policy, EscLogin: StringEquals api.pulumi.com/oidc:sub",
        ],
        [get, true, "allowed: identity policy permissions, Read: Resource"],
        ["kms:Decrypt", true, "allowed: identity policy key, Read: Resource"],
      ],
    );
  });

  for (const { title, by, layer, element, key, code, message, verdict = "implicitly-denied" } of breaks) {
    it(`names exactly what was broken: ${title}`, async () => {
      const broken = await world();
      const sessionPolicy = by(broken);
      await assert.rejects(broken.read(sessionPolicy), {
        name: code,
        message: message.replace("<entry>", broken.entry.arn),
      });
      const decision = broken.laptop.lastDecision;
      const { deciding, ...explanation } = decision.explanation as Decision;
      assert.equal(explanation.verdict, verdict);
      assert.equal(deciding.layer, layer);
      const failed = deciding.statement?.checks.filter(({ matched }) => !matched) ?? [];
      if (verdict === "explicitly-denied") {
        assert.deepEqual([deciding.statement?.sid, failed], ["No", []]);
        assert.match(decision.because, /^denied: explicit Deny, /);
      } else {
        assert.deepEqual(
          failed.map((check) => [check.element, check.key]),
          [[element, key]],
        );
        assert.ok(decision.because.includes(key === undefined ? element : key.slice(-4)), decision.because);
      }
    });
  }

  it("names a condition on how the request was made, in the policy of the component", async () => {
    const w = await world();
    const condition = (secure: string) =>
      deny({
        Principal: "*",
        Action: "secretsmanager:*",
        Condition: {
          Bool: { "aws:SecureTransport": secure },
          BoolIfExists: { "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false" },
        },
      });
    w.entry.resourcePolicy = condition("false");
    assert.equal(await w.read(), value);
    w.entry.resourcePolicy = condition("true");
    await assert.rejects(w.read(), /with an explicit deny in a resource-based policy/);
  });

  it("knows the tags of the role and of the entry", async () => {
    const w = await world();
    const byTag = {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: get,
          Resource: "*",
          Condition: {
            StringEquals: { "aws:PrincipalTag/stage": "staging", "aws:ResourceTag/stage": "staging" },
          },
        },
      ],
    };
    replacePermissions(w, byTag);
    await assert.rejects(w.read(), { name: "AccessDeniedException" });
    w.role.tags = { stage: "staging" };
    w.entry.tags = { stage: "staging" };
    assert.equal(await w.read(), value);
  });

  it("takes a label as given only when the request names it, as AWS does", async () => {
    const w = await world();
    replacePermissions(w, {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Current",
          Effect: "Allow",
          Action: get,
          Resource: "*",
          Condition: { "ForAnyValue:StringEquals": { "secretsmanager:VersionStage": "AWSCURRENT" } },
        },
      ],
    });
    const client = w.laptop.secretsManager(await w.login());
    const named = { SecretId: w.entry.name, VersionStage: "AWSCURRENT" };
    assert.equal((await client.send(new GetSecretValueCommand(named))).SecretString, value);
    await assert.rejects(client.send(new GetSecretValueCommand({ SecretId: w.entry.name })), {
      name: "AccessDeniedException",
    });
    assert.match(w.laptop.lastDecision.because, /:VersionStage\n.*the key is absent/);
  });

  it("keeps from a caller without permission whether an entry exists", async () => {
    const w = await world();
    const client = w.laptop.secretsManager(await w.login());
    const other = createSecret(w.laptop.account, { name: "other" });
    for (const SecretId of [other.name, "missing"]) {
      await assert.rejects(client.send(new GetSecretValueCommand({ SecretId })), {
        name: "AccessDeniedException",
        message: `${user}${get} on resource: ${SecretId} because no identity-based policy allows the ${get} action`,
      });
    }
  });

  it("is taken for each operation by itself, and for each entry of a batch", async () => {
    const w = await world();
    const client = w.laptop.secretsManager(await w.login());
    for (const [command, action] of [
      [new DescribeSecretCommand({ SecretId: w.entry.arn }), "DescribeSecret"],
      [new PutSecretValueCommand({ SecretId: w.entry.arn, SecretString: "new" }), "PutSecretValue"],
    ] as const) {
      await assert.rejects(client.send(command as DescribeSecretCommand), { name: "AccessDeniedException" });
      assert.equal(w.laptop.lastDecision.action, `secretsmanager:${action}`);
    }
    await assert.rejects(client.send(new ListSecretsCommand({})), {
      message: `${user}secretsmanager:ListSecrets because no identity-based policy allows the secretsmanager:ListSecrets action`,
    });
    replacePermissions(w, {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "secretsmanager:BatchGetSecretValue", Resource: "*" },
        { Effect: "Allow", Action: get, Resource: w.entry.arn },
      ],
    });
    replaceBoundary(w, allow(["secretsmanager:*", "kms:*"], "*"));
    createSecret(w.laptop.account, { name: "other" });
    const batch = await client.send(
      new BatchGetSecretValueCommand({ SecretIdList: [w.entry.name, "other"] }),
    );
    assert.deepEqual(
      [
        batch.SecretValues?.map(({ Name }) => Name),
        batch.Errors?.map((error) => [error.SecretId, error.ErrorCode]),
      ],
      [[w.entry.name], [["other", "AccessDeniedException"]]],
    );
  });

  it("follows the role's policies as they are now, in sessions that exist already", async () => {
    const w = await world();
    const client = w.laptop.secretsManager(await w.login());
    const command = () => client.send(new GetSecretValueCommand({ SecretId: w.entry.name }));
    await command();
    replacePermissions(w, allow("s3:GetObject", "*"));
    await assert.rejects(command(), { name: "AccessDeniedException" });
    w.laptop.account.roles.delete("esc-staging");
    await assert.rejects(command(), { name: "AccessDeniedException" });
  });

  it("is a refusal when a policy cannot be judged", async () => {
    const w = await world();
    w.entry.resourcePolicy = deny({
      Effect: "Allow",
      Principal: "*",
      Action: get,
      Condition: { IpAddress: { "aws:SourceIp": "127.0.0.1" } },
    });
    await assert.rejects(w.read(), { name: "AccessDeniedException" });
    assert.match(w.laptop.lastDecision.because, /^denied: resource policy: .*operator/);
  });
});
