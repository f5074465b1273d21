import { GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { AssumeRoleWithWebIdentityCommand } from "@aws-sdk/client-sts";
import type { AccessDecision } from "./aws";
import { type AwsClientOptions, type Credentials, secretsManagerClient, stsClient } from "./aws-clients";
import { type Issuer, mintFlawed } from "./issuers";
import type { Presented, TrustCase } from "./trust-cases";

/** An answer of the account to one case. Safe to print: it holds no token and no value. */
export interface TrustDecision {
  readonly title: string;
  readonly expected: TrustCase["expected"];
  readonly decided: TrustCase["expected"];
  /** The condition, statement or check that decided. */
  readonly because: string;
  /** Whether it is what is expected, for the reason that is expected. */
  readonly ok: boolean;
}

export interface TrustDecisionsOptions {
  readonly cases: readonly TrustCase[];
  readonly accountId: string;
  readonly aws: AwsClientOptions;
  /** Grows as the account decides. */
  readonly decisions: readonly AccessDecision[];
  readonly issuers: readonly Issuer[];
}

/** Puts every case to the account, over the wire as a client would, one after another. */
export async function decideTrust(options: TrustDecisionsOptions): Promise<TrustDecision[]> {
  const answers: TrustDecision[] = [];
  for (const question of options.cases) answers.push(await decide(question, options));
  return answers;
}

async function decide(question: TrustCase, options: TrustDecisionsOptions): Promise<TrustDecision> {
  const { title, expected, because: reason, reads } = question;
  const before = options.decisions.length;
  let decided: TrustCase["expected"] = "allowed";
  try {
    const session = await assume(question, options);
    if (reads !== undefined) await read(reads, session, options);
  } catch (error) {
    if (options.decisions.length === before) throw error;
    decided = "refused";
  }
  const last = options.decisions[options.decisions.length - 1];
  const because = last?.because ?? "nothing was asked";
  const sameQuestion = reads === undefined || last?.action === "secretsmanager:GetSecretValue";
  return {
    title,
    expected,
    decided,
    because,
    ok: decided === expected && sameQuestion && reason.test(because),
  };
}

async function assume(
  question: TrustCase,
  { accountId, aws, issuers }: TrustDecisionsOptions,
): Promise<Credentials> {
  const { Credentials: keys } = await stsClient(aws).send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: `arn:aws:iam::${accountId}:role/${question.role}`,
      RoleSessionName: "sandbox",
      WebIdentityToken: await mint(question.presented, issuers),
      DurationSeconds: question.durationSeconds,
    }),
  );
  return {
    accessKeyId: keys?.AccessKeyId ?? "",
    secretAccessKey: keys?.SecretAccessKey ?? "",
    sessionToken: keys?.SessionToken,
  };
}

async function read(entry: string, session: Credentials, { aws }: TrustDecisionsOptions): Promise<void> {
  await secretsManagerClient(aws, session).send(new GetSecretValueCommand({ SecretId: entry }));
}

async function mint(presented: Presented, issuers: readonly Issuer[]): Promise<string> {
  const known = issuers.find((issuer) => issuer.url === presented.issuer);
  if (known === undefined) throw new TypeError(`there is no issuer ${presented.issuer} in the sandbox`);
  return mintFlawed(known, presented.claims, presented);
}
