import { randomBytes } from "node:crypto";
import type { EventBus, EventRule, TakenEvent } from "./events";
import type { LambdaFunction } from "./functions";
import type { ApiDomain, HttpApi } from "./http-apis";
import type { LogGroup } from "./log-groups";
import type { Table } from "./tables";

/** Tags as AWS keeps them: key to value. */
export type Tags = Readonly<Record<string, string>>;

/** An IAM role. Policies are the JSON text that was stored, as IAM keeps it. */
export interface Role {
  readonly name: string;
  /** Begins and ends with `/`. */
  readonly path: string;
  readonly arn: string;
  /** Unique id, `AROA…`: the first part of a session's user id. */
  readonly id: string;
  readonly createdAt: Date;
  description: string;
  trustPolicy: string;
  /** Policy name to document. */
  readonly inlinePolicies: Map<string, string>;
  /** ARNs of attached managed policies. */
  readonly attachedPolicies: Set<string>;
  /** ARN of the managed policy that bounds the role. */
  permissionsBoundary: string | undefined;
  maxSessionDurationSeconds: number;
  tags: Tags;
}

/** A customer-managed policy, or one of AWS's own. */
export interface ManagedPolicy {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  readonly id: string;
  document: string;
  description: string;
  tags: Tags;
}

/** An IAM OpenID Connect provider. */
export interface OidcProvider {
  readonly arn: string;
  /** The issuer without `https://`: the prefix of its condition keys too. */
  readonly host: string;
  audiences: readonly string[];
  thumbprints: readonly string[];
  tags: Tags;
}

/** What an entry holds: text or bytes, never both. */
export type SecretValue = { readonly text: string } | { readonly binary: Uint8Array };

export interface SecretVersion {
  readonly id: string;
  readonly value: SecretValue;
  readonly createdAt: Date;
  /** ARN of the key that encrypted the version; the account's own key when absent. */
  readonly kmsKeyArn: string | undefined;
  readonly stages: Set<string>;
  /** Midnight of the last day on which it was read. */
  accessedOn: Date | undefined;
}

/** A Secrets Manager entry. It may have no version at all: that is how Pulumi creates it here. */
export interface SecretEntry {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly createdAt: Date;
  changedAt: Date;
  /** Midnight of the last day on which a version was read. */
  accessedOn: Date | undefined;
  description: string | undefined;
  /** As given: key id, alias or ARN. The account's own key when absent. */
  kmsKeyId: string | undefined;
  tags: Tags;
  resourcePolicy: string | undefined;
  /** Version id to version, in the order they were made. */
  readonly versions: Map<string, SecretVersion>;
  /** When set, the entry is marked for deletion: `requestedAt`, and gone from `goneAt` on. */
  deletion: { readonly requestedAt: Date; readonly goneAt: Date } | undefined;
}

export const ParameterType = {
  String: "String",
  StringList: "StringList",
  SecureString: "SecureString",
} as const;
export type ParameterType = (typeof ParameterType)[keyof typeof ParameterType];

/** An SSM parameter: every version it had, oldest first. */
export interface Parameter {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  type: ParameterType;
  description: string | undefined;
  kmsKeyId: string | undefined;
  tags: Tags;
  readonly versions: { readonly value: string; readonly modifiedAt: Date }[];
}

/** A KMS key: an identity and a policy. Nothing is encrypted with it here. */
export interface KmsKey {
  readonly id: string;
  readonly arn: string;
  readonly region: string;
  readonly aliases: Set<string>;
  description: string;
  policy: string;
  tags: Tags;
}

/** A metric that an alarm or one of its queries looks at. */
export interface AlarmMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: string;
}

/** A CloudWatch alarm, as far as somebody may ask about it. */
export interface Alarm {
  readonly name: string;
  /** ARNs of what is told. */
  readonly actions: readonly string[];
  readonly tags: Tags;
  /** Whose sum is compared: one, or those of its queries. */
  readonly metrics: readonly AlarmMetric[];
  readonly threshold: number;
  readonly periodSeconds: number;
}

/** A CloudWatch dashboard; its body is JSON text. */
export interface Dashboard {
  readonly name: string;
  readonly body: string;
}

/** A key pair that may sign requests: a role's session, or the administrator's own key. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Absent for the administrator's key, which is no temporary one. */
  readonly sessionToken: string | undefined;
  /** `arn:aws:sts::…:assumed-role/<role>/<session>` or `arn:aws:iam::…:user/<name>`. */
  readonly arn: string;
  readonly userId: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date | undefined;
  /** The role behind the session. A role deleted since then grants nothing. Absent for the administrator. */
  readonly roleArn: string | undefined;
  /** Session policies, JSON text: the inline one and the managed ones of `AssumeRoleWithWebIdentity`. */
  readonly policies: readonly string[];
  /** Condition keys that the login left in the session, such as `aws:FederatedProvider`. */
  readonly context: Readonly<Record<string, string>>;
}

/**
 * One AWS account, as plain data: what Pulumi's resources made and what the services keep. It decides nothing;
 * the services, and the policies evaluated for them, do.
 */
export interface Account {
  /** Twelve digits. */
  readonly id: string;
  readonly partition: string;
  /** The region that resources are made in when none is given. */
  readonly region: string;
  /** By name. IAM names are unique without regard to case; keys here are lower case. */
  readonly roles: Map<string, Role>;
  /** By ARN. */
  readonly managedPolicies: Map<string, ManagedPolicy>;
  /** By ARN. */
  readonly oidcProviders: Map<string, OidcProvider>;
  /** By ARN. */
  readonly secrets: Map<string, SecretEntry>;
  /** By ARN. */
  readonly parameters: Map<string, Parameter>;
  /** By ARN. */
  readonly keys: Map<string, KmsKey>;
  /** By ARN. */
  readonly functions: Map<string, LambdaFunction>;
  /** By ARN. */
  readonly tables: Map<string, Table>;
  /** By ARN. */
  readonly logGroups: Map<string, LogGroup>;
  /** API Gateway's HTTP APIs, by id. */
  readonly httpApis: Map<string, HttpApi>;
  /** Custom domains of HTTP APIs, by name. */
  readonly apiDomains: Map<string, ApiDomain>;
  /** By ARN. */
  readonly alarms: Map<string, Alarm>;
  /** By ARN. */
  readonly dashboards: Map<string, Dashboard>;
  /** Those besides `default`, by ARN. */
  readonly eventBuses: Map<string, EventBus>;
  /** By ARN. */
  readonly eventRules: Map<string, EventRule>;
  /** By id. */
  readonly events: Map<string, TakenEvent>;
  /** By access key id. */
  readonly sessions: Map<string, Session>;
  /** The account's clock, milliseconds since 1970. */
  readonly now: () => number;
  /** Where ids, keys and suffixes come from. */
  readonly random: (bytes: number) => Uint8Array;
}

export interface AccountOptions {
  /** @default "123456789012" */
  readonly id?: string;
  /** @default "aws" */
  readonly partition?: string;
  /** @default "us-east-1" */
  readonly region?: string;
  /** @default Date.now */
  readonly now?: () => number;
  /** @default crypto.randomBytes */
  readonly random?: (bytes: number) => Uint8Array;
}

/** An empty account. */
export function createAccount(options: AccountOptions = {}): Account {
  return {
    id: options.id ?? "123456789012",
    partition: options.partition ?? "aws",
    region: options.region ?? "us-east-1",
    roles: new Map(),
    managedPolicies: new Map(),
    oidcProviders: new Map(),
    secrets: new Map(),
    parameters: new Map(),
    keys: new Map(),
    functions: new Map(),
    tables: new Map(),
    logGroups: new Map(),
    httpApis: new Map(),
    apiDomains: new Map(),
    alarms: new Map(),
    dashboards: new Map(),
    eventBuses: new Map(),
    eventRules: new Map(),
    events: new Map(),
    sessions: new Map(),
    now: options.now ?? Date.now,
    random: options.random ?? randomBytes,
  };
}

/** The ARN of a regional resource of the account; of a global one when `region` is `""`. */
export function makeArn(account: Account, service: string, region: string, resource: string): string {
  return `arn:${account.partition}:${service}:${region}:${account.id}:${resource}`;
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const lowerCase = "abcdefghijklmnopqrstuvwxyz234567";
const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function randomFrom(account: Account, alphabet: string, length: number): string {
  // The bias of the modulo does not matter: these are names, not keys.
  return [...account.random(length)].map((byte) => alphabet[byte % alphabet.length]).join("");
}

/** The id of something in IAM: a prefix that tells the kind, and 17 of base32. */
export function makeUniqueId(account: Account, prefix: "AROA" | "AIDA" | "ANPA"): string {
  return prefix + randomFrom(account, base32, 17);
}

/** The id of an access key: `ASIA…` for a session's, `AKIA…` for one that stays. */
export function makeAccessKeyId(account: Account, prefix: "ASIA" | "AKIA"): string {
  return prefix + randomFrom(account, base32, 16);
}

/** The six characters that Secrets Manager puts behind an entry's name in its ARN. */
export function makeSecretSuffix(account: Account): string {
  return randomFrom(account, alphanumeric, 6);
}

/** The id of a function URL, which is the first part of its host name. */
export function makeUrlId(account: Account): string {
  return randomFrom(account, lowerCase, 32);
}

/** An EC2 id: `vpc-…`, `sg-…`. */
export function makeEc2Id(account: Account, prefix: string): string {
  return `${prefix}-${Buffer.from(account.random(9)).toString("hex").slice(0, 17)}`;
}

/** A random UUID (version 4). */
export function makeUuid(account: Account): string {
  const hex = Buffer.from(account.random(16)).toString("hex");
  const variant = "89ab"[Number.parseInt(hex[16] as string, 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
