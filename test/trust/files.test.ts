import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { trustCommand } from "../../cli/commands/trust";
import { CommandFailure } from "../../cli/exit";
import { Issuer } from "../../sandbox/issuers";
import { GITHUB_ISSUER, githubTrustPolicy, oidcProviderArn } from "../../trust/index";
import { ACCOUNT } from "./support";

const github = oidcProviderArn({ issuer: GITHUB_ISSUER, accountId: ACCOUNT });
const SUBJECT = "repo:acme@11/shop@22:environment:prod";
const TRUSTED = githubTrustPolicy({ providerArn: github, subjects: [SUBJECT] });

/** In the shape of the most copied template: no audience, any branch, administrator, a pinned thumbprint. */
const TEMPLATE = `Parameters:
  Owner: {Type: String, Default: acme}
  Branch: {Type: String, Default: "*"}
Resources:
  Provider:
    Type: AWS::IAM::OIDCProvider
    Properties:
      Url: ${GITHUB_ISSUER}
      ClientIdList: [sts.amazonaws.com]
      ThumbprintList: [6938fd4d98bab03faadb97b34396831e3780aea1]
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Action: sts:AssumeRoleWithWebIdentity
            Principal: {Federated: !Ref Provider}
            Condition:
              StringLike:
                token.actions.githubusercontent.com:sub: !Sub "repo:\${Owner}/*:ref:refs/heads/\${Branch}"
`;

const ENVIRONMENT = `values:
  aws:
    login:
      fn::open::aws-login:
        oidc:
          roleArn: arn:aws:iam::${ACCOUNT}:role/login
          sessionName: esc
`;

const LOGIN_ROLE = {
  Role: {
    RoleName: "login",
    Arn: `arn:aws:iam::${ACCOUNT}:role/login`,
    MaxSessionDuration: 3600,
    AssumeRolePolicyDocument: {
      Statement: {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/api.pulumi.com/oidc` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            "api.pulumi.com/oidc:aud": "aws:acme",
            "api.pulumi.com/oidc:sub":
              "pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:shop/prod",
          },
        },
      },
    },
  },
};

const WORKFLOW = `on: {push: {branches: [main]}, pull_request: {}}
jobs:
  deploy:
    environment: staging
    steps:
      - uses: aws-actions/configure-aws-credentials@v6
        with: {role-to-assume: "arn:aws:iam::${ACCOUNT}:role/deploy"}
  other:
    steps: [{run: "true"}]
`;

describe("escapement trust, on files", () => {
  const folder = mkdtempSync(join(tmpdir(), "escapement-trust-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, content: unknown): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };

  /** Runs the verb in this process; what it prints and its exit code. */
  const run = async (...argv: string[]): Promise<{ out: string; code: number; message: string }> => {
    const write = process.stdout.write;
    let out = "";
    process.stdout.write = ((text: string) => {
      out += text;
      return true;
    }) as typeof write;
    try {
      await trustCommand().exitOverride().parseAsync(argv, { from: "user" });
      return { out, code: 0, message: "" };
    } catch (error) {
      if (error instanceof CommandFailure) return { out, code: error.exitCode, message: error.message };
      throw error;
    } finally {
      process.stdout.write = write;
    }
  };
  const rulesOf = async (...files: string[]) => {
    const { out } = await run("lint", "--json", "--org", "acme", ...files);
    return [...new Set((JSON.parse(out).findings as { rule: string }[]).map(({ rule }) => rule))];
  };

  it("lints a trust policy: 0 when nothing is found, 1 with findings, 2 for what it cannot read", async () => {
    const good = await run("lint", file("good.json", TRUSTED));
    assert.deepEqual([good.code, good.out], [0, "no findings\n"]);
    const bad = await run(
      "lint",
      file(
        "bad.json",
        JSON.stringify(TRUSTED).replace(SUBJECT, "repo:acme/*").replace("StringEquals", "StringLike"),
      ),
    );
    assert.equal(bad.code, 1);
    assert.match(
      bad.out,
      /T02 error bad\.json: repo:acme\/\* matches other repositories\n {2}at .*bad\.json:1, Statement\[0\]/,
    );
    for (const [name, content] of [
      ["x.json", "{"],
      ["y.yaml", "a: 1"],
      ["z.json", "[]"],
    ] as const) {
      assert.equal((await run("lint", file(name, content))).code, 2, name);
    }
    assert.equal((await run("lint", join(folder, "missing.json"))).code, 2);
  });

  it("reads what AWS's CLI prints, templates, environments, workflows and adapters", async () => {
    assert.deepEqual(await rulesOf(file("template.yaml", TEMPLATE)), [
      "T02",
      "T04",
      "T13",
      "T19",
      "T20",
      "T21",
    ]);
    const role = file("role.json", LOGIN_ROLE);
    assert.deepEqual(await rulesOf(role), []);
    // The environment asks for two hours by default, and presents the default subject.
    assert.deepEqual(await rulesOf(role, file("shop/prod.yaml", ENVIRONMENT)), ["T09", "T18", "T24"]);
    const listed = {
      Roles: [
        {
          ...LOGIN_ROLE.Role,
          RoleName: "deploy",
          Arn: `arn:aws:iam::${ACCOUNT}:role/deploy`,
          AssumeRolePolicyDocument: TRUSTED,
        },
      ],
    };
    const deploy = file("roles.json", listed);
    assert.deepEqual(await rulesOf(deploy, file("deploy.yml", WORKFLOW)), ["T11"]);
    assert.deepEqual(await rulesOf(deploy, file("deploy-2.yml", WORKFLOW.replace("staging", "prod"))), []);
    assert.deepEqual(await rulesOf(file("config.json", { organization: "*", routes: [], access: [] })), [
      "T22",
    ]);
    assert.deepEqual(
      await rulesOf(
        file("provider.json", {
          Url: "token.actions.githubusercontent.com",
          ClientIDList: ["sts.amazonaws.com"],
          ThumbprintList: ["a"],
        }),
      ),
      [],
    );
  });

  it("gives SARIF, and takes accepted findings only with a reason", async () => {
    const prod = file("app/prod.yaml", "values: {}\n");
    const { out } = await run("lint", "--format", "sarif", prod);
    assert.equal(JSON.parse(out).runs[0].results[0].ruleId, "T24");
    const accepted = file(
      "accepted.yaml",
      'suppressions: [{rule: T24, on: app/prod, reason: "the default of the organization is none"}]',
    );
    assert.equal((await run("lint", "--suppressions", accepted, prod)).code, 0);
    for (const wrong of [
      "suppressions: [{rule: T24, on: app/prod}]",
      "suppressions: [{rule: T24, on: app/prod, reason: ok}]",
      "suppressions: [{rule: T99, on: x, reason: because it does not exist}]",
    ]) {
      const { code, message } = await run("lint", "--suppressions", file("wrong.yaml", wrong), prod);
      assert.equal(code, 2);
      assert.match(message, /wrong\.yaml: suppressions\.0\./);
    }
  });

  it("explains a token without showing it: 0 when let in, 1 when not, 2 when it cannot", async () => {
    const issuer = new Issuer({ url: GITHUB_ISSUER });
    const mint = (sub: string) => issuer.mint({ sub, aud: "sts.amazonaws.com" }, { expiresInSeconds: 300 });
    const keys = file("keys.json", await issuer.jwks());
    const role = file("good.json", TRUSTED);
    const token = await mint(SUBJECT);
    const good = await run(
      "explain",
      "--role",
      role,
      "--token-file",
      file("token", token),
      "--jwks-file",
      keys,
    );
    assert.equal(good.code, 0);
    assert.match(good.out, /^allowed: good\.json\n/);
    const other = await mint(SUBJECT.replace("prod", "dev"));
    const bad = await run("explain", "--role", role, "--token-file", file("token-2", other), "--json");
    assert.equal(bad.code, 1);
    assert.equal(JSON.parse(bad.out).cause.code, "job-context");
    const forged = await new Issuer({ url: GITHUB_ISSUER }).mint(
      { sub: SUBJECT, aud: "sts.amazonaws.com" },
      { expiresInSeconds: 300 },
    );
    const refused = await run(
      "explain",
      "--role",
      role,
      "--token-file",
      file("token-3", forged),
      "--jwks-file",
      keys,
    );
    assert.match(refused.out, /cause .*\(signature\)/);
    for (const { out, message } of [good, bad, refused]) {
      for (const secret of [token, other, forged]) {
        for (const part of secret.split(".")) assert.ok(!out.includes(part) && !message.includes(part));
      }
    }
    const claims = JSON.stringify({ iss: GITHUB_ISSUER, sub: SUBJECT, aud: "sts.amazonaws.com" });
    assert.equal((await run("explain", "--role", role, "--claims", claims)).code, 0);
    const misused = await run("explain", "--role", role, "--claims", token);
    assert.equal(misused.code, 2);
    assert.ok(!misused.message.includes(token));
    assert.equal((await run("explain", "--role", role)).code, 2);
  });
});
