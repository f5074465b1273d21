// The AWS CLI against the sandbox, as a person would use it: log in with a minted token, read the stage's entry, be
// refused in AWS's own words when one claim differs. Run by tools/soak.mjs with the path of `aws`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { openAdministratorSession } from "../sandbox/aws";
import { LaptopCloud } from "../sandbox/cloud";
import { escLoginClaims } from "../sandbox/issuers";
import { putValues } from "../sandbox/put-values";

const run = promisify(execFile);
const region = "eu-west-1";
const subjectAttributes = ["currentEnvironment.name"] as const;

interface Session {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
}

async function main(aws: string): Promise<void> {
  const directory = join(__dirname, "..");
  const cloud = await LaptopCloud.start();
  try {
    for (const stack of ["base", "staging"]) {
      const { failure } = await cloud.deploy({ directory, stack, operation: "up" });
      assert.equal(failure, undefined);
    }
    await putValues(cloud, "escapement");

    const cli = async (args: readonly string[], keys: Partial<Session> = {}) => {
      const env = {
        PATH: process.env.PATH,
        HOME: "/nonexistent",
        AWS_ENDPOINT_URL: cloud.aws.url,
        AWS_DEFAULT_REGION: region,
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_ACCESS_KEY_ID: keys.AccessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.SecretAccessKey,
        AWS_SESSION_TOKEN: keys.SessionToken,
      };
      const { stdout } = await run(aws, [...args, "--output", "json"], { env });
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const logIn = async (environment: string) => {
      const claims = escLoginClaims({ organization: cloud.organization, environment, subjectAttributes });
      const token = await cloud.issuers.pulumi.mint(claims);
      const role = `arn:aws:iam::${cloud.account.id}:role/escapement-staging-esc-login`;
      const args = [
        "sts",
        "assume-role-with-web-identity",
        "--role-arn",
        role,
        "--role-session-name",
        "soak",
      ];
      return (await cli([...args, "--web-identity-token", token])).Credentials as Session;
    };
    const read = (entry: string, keys: Session) =>
      cli(["secretsmanager", "get-secret-value", "--secret-id", entry], keys);

    const session = await logIn("escapement/staging");
    const { SecretString } = await read("escapement/staging/jwt", session);
    assert.equal(typeof (JSON.parse(String(SecretString)) as { secret?: unknown }).secret, "string");

    await assert.rejects(
      read("escapement/prod/jwt", session),
      /AccessDeniedException.*not authorized to perform: secretsmanager:GetSecretValue/s,
    );
    await assert.rejects(
      logIn("escapement/prod"),
      /AccessDenied.*Not authorized to perform sts:AssumeRoleWithWebIdentity/s,
    );
    const administrator = openAdministratorSession(cloud.account);
    const keys = { AccessKeyId: administrator.accessKeyId, SecretAccessKey: administrator.secretAccessKey };
    const entry = "escapement/staging/jwt";
    const listed = await cli(
      ["secretsmanager", "list-secrets", "--query", "{names: SecretList[].Name}"],
      keys,
    );
    assert.ok((listed.names as string[]).includes(entry));
    const made = ["--secret-id", entry, "--secret-string", '{"secret":"made up"}'];
    await cli(["secretsmanager", "put-secret-value", ...made], keys);
    assert.equal((await read(entry, session)).SecretString, '{"secret":"made up"}');
    const tampered = { ...session, SecretAccessKey: `${session.SecretAccessKey.slice(0, -1)}!` };
    await assert.rejects(read("escapement/staging/jwt", tampered), /InvalidSignatureException/);
  } finally {
    await cloud.stop();
  }
}

main(process.argv[2] ?? "aws").catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
