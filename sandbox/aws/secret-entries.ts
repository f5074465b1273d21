import { isDeepStrictEqual } from "node:util";
import {
  type Account,
  makeArn,
  makeSecretSuffix,
  type SecretEntry,
  type SecretValue,
  type SecretVersion,
  type Tags,
} from "./account";
import { AwsError } from "./errors";

const maxValueBytes = 65_536;
const maxStages = 20;
const dayMilliseconds = 24 * 60 * 60 * 1000;

/** What `createSecret` makes. */
export interface NewSecret {
  readonly name: string;
  /** @default the account's region */
  readonly region?: string;
  readonly description?: string;
  readonly kmsKeyId?: string;
  readonly tags?: Tags;
  /** The first version; the entry stays empty without it. */
  readonly version?: NewVersion;
}

/**
 * Makes an entry.
 * @throws {ValidationException} the name. {InvalidRequestException} an entry of that name waits for deletion.
 * {ResourceExistsException} an entry of that name exists.
 */
export function createSecret(account: Account, secret: NewSecret): SecretEntry {
  const { name, region = account.region } = secret;
  checkSecretName(name);
  const existing = [...liveSecrets(account, region)].find((entry) => entry.name === name);
  if (existing?.deletion) {
    throw new AwsError(
      "InvalidRequestException",
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  if (existing) {
    // The token makes creation idempotent: the same version again changes nothing.
    const version = secret.version && existing.versions.get(secret.version.id);
    if (version && sameValue(version.value, secret.version?.value)) return existing;
    throw new AwsError(
      "ResourceExistsException",
      `The operation failed because the secret ${name} already exists.`,
    );
  }
  const now = new Date(account.now());
  const entry: SecretEntry = {
    name,
    arn: makeArn(account, "secretsmanager", region, `secret:${name}-${makeSecretSuffix(account)}`),
    region,
    createdAt: now,
    changedAt: now,
    accessedOn: undefined,
    description: secret.description,
    kmsKeyId: secret.kmsKeyId,
    tags: secret.tags ?? {},
    resourcePolicy: undefined,
    versions: new Map(),
    deletion: undefined,
  };
  if (secret.version) putVersion(account, entry, secret.version);
  account.secrets.set(entry.arn, entry);
  return entry;
}

/** The entries of a region that deletion has not reached yet, oldest first. */
export function* liveSecrets(account: Account, region: string): Generator<SecretEntry> {
  for (const entry of account.secrets.values()) {
    if (entry.deletion && entry.deletion.goneAt.getTime() <= account.now()) account.secrets.delete(entry.arn);
    else if (entry.region === region) yield entry;
  }
}

/**
 * Finds an entry by name, by ARN, or by its ARN without the hyphen and six characters at the end.
 * @returns undefined when there is none.
 */
export function findSecret(account: Account, region: string, secretId: string): SecretEntry | undefined {
  const partial = /-[A-Za-z0-9]{6}$/;
  for (const entry of liveSecrets(account, region)) {
    if (entry.name === secretId || entry.arn === secretId) return entry;
    if (entry.arn.replace(partial, "") === secretId) return entry;
  }
  return undefined;
}

/** @throws {InvalidRequestException} for an entry that waits for its deletion. */
export function refuseDeleted(entry: SecretEntry): void {
  if (!entry.deletion) return;
  throw new AwsError(
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
  );
}

/** Which version a request asks for. Both must then name the same one; neither means `AWSCURRENT`. */
export interface VersionSelector {
  readonly versionId?: string;
  readonly versionStage?: string;
}

/**
 * The version that a request asks for.
 * @throws {ResourceNotFoundException} no such version or label. {InvalidRequestException} the label is not on
 * that version.
 */
export function selectVersion(entry: SecretEntry, selector: VersionSelector): SecretVersion {
  const { versionId } = selector;
  if (versionId !== undefined) {
    const version = entry.versions.get(versionId);
    if (!version) {
      throw new AwsError(
        "ResourceNotFoundException",
        `Secrets Manager can't find the specified secret value for VersionId: ${versionId}`,
      );
    }
    if (selector.versionStage !== undefined && !version.stages.has(selector.versionStage)) {
      throw new AwsError(
        "InvalidRequestException",
        "You provided a VersionStage that is not associated to the provided VersionId.",
      );
    }
    return version;
  }
  const stage = selector.versionStage ?? "AWSCURRENT";
  const version = holderOf(entry, stage);
  if (version) return version;
  throw new AwsError(
    "ResourceNotFoundException",
    `Secrets Manager can't find the specified secret value for staging label: ${stage}`,
  );
}

/** The version that has a label. */
export function holderOf(entry: SecretEntry, stage: string): SecretVersion | undefined {
  return [...entry.versions.values()].find((version) => version.stages.has(stage));
}

/** Notes that a value was read. AWS keeps the day only. */
export function noteAccess(account: Account, entry: SecretEntry, version: SecretVersion): void {
  const day = new Date(Math.floor(account.now() / dayMilliseconds) * dayMilliseconds);
  entry.accessedOn = day;
  version.accessedOn = day;
}

export interface NewVersion {
  /** The client's request token: it becomes the version's id. 32 to 64 characters. */
  readonly id: string;
  readonly value: SecretValue;
  /** @default ["AWSCURRENT"] */
  readonly stages?: readonly string[];
  readonly kmsKeyArn?: string;
}

/**
 * Adds a version and moves its labels to it. The same token with the same value changes nothing.
 * @throws {ResourceExistsException} the token was used for another value. {InvalidParameterException} a limit.
 */
export function putVersion(account: Account, entry: SecretEntry, version: NewVersion): SecretVersion {
  checkToken(version.id);
  checkValue(version.value);
  const stages = version.stages ?? ["AWSCURRENT"];
  checkStages(stages);
  const existing = entry.versions.get(version.id);
  if (existing) {
    if (sameValue(existing.value, version.value)) return existing;
    throw new AwsError(
      "ResourceExistsException",
      `You can't use ClientRequestToken ${version.id} because that value is already in use for a version of secret ${entry.arn}.`,
    );
  }
  const now = new Date(account.now());
  const added: SecretVersion = {
    id: version.id,
    value: version.value,
    createdAt: now,
    kmsKeyArn: version.kmsKeyArn,
    stages: new Set(),
    accessedOn: undefined,
  };
  const isFirst = entry.versions.size === 0;
  const current = holderOf(entry, "AWSCURRENT");
  entry.versions.set(added.id, added);
  for (const stage of stages) moveLabel(entry, stage, added);
  if (isFirst) added.stages.add("AWSCURRENT");
  // A rotation that ended leaves its label behind; the next current value takes it away.
  if (stages.includes("AWSCURRENT")) current?.stages.delete("AWSPENDING");
  entry.changedAt = now;
  return added;
}

/** A label lives on one version. `AWSCURRENT` takes `AWSPREVIOUS` along to where it comes from. */
function moveLabel(entry: SecretEntry, stage: string, to: SecretVersion | undefined): void {
  const from = holderOf(entry, stage);
  if (from === to) return;
  from?.stages.delete(stage);
  to?.stages.add(stage);
  if (stage === "AWSCURRENT" && from) {
    holderOf(entry, "AWSPREVIOUS")?.stages.delete("AWSPREVIOUS");
    from.stages.add("AWSPREVIOUS");
  }
}

/** A move of one label: to a version, off a version, or both. */
export interface StageMove {
  readonly stage: string;
  readonly toVersionId?: string;
  readonly fromVersionId?: string;
}

/**
 * Moves, adds or removes a label.
 * @throws {InvalidParameterException} the label is on another version than `fromVersionId` says, or on one
 * although it says none; or `AWSCURRENT` would be left nowhere. {ResourceNotFoundException} no such version.
 */
export function moveStage(account: Account, entry: SecretEntry, move: StageMove): void {
  checkStages([move.stage]);
  if (move.toVersionId === undefined && move.fromVersionId === undefined) {
    throw new AwsError(
      "InvalidParameterException",
      "You must specify MoveToVersionId, RemoveFromVersionId, or both.",
    );
  }
  const versionOf = (id: string | undefined) => {
    if (id === undefined) return undefined;
    const version = entry.versions.get(id);
    if (version) return version;
    throw new AwsError(
      "ResourceNotFoundException",
      `Secrets Manager can't find the specified secret version: ${id}.`,
    );
  };
  const to = versionOf(move.toVersionId);
  const from = versionOf(move.fromVersionId);
  const holder = holderOf(entry, move.stage);
  if (from && !from.stages.has(move.stage)) {
    throw new AwsError(
      "InvalidParameterException",
      `The parameter RemoveFromVersionId can't be ${from.id}. The staging label ${move.stage} is not attached to that version.`,
    );
  }
  if (holder && !from && holder !== to) {
    throw new AwsError(
      "InvalidParameterException",
      `The parameter RemoveFromVersionId can't be empty. Staging label ${move.stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  if (move.stage === "AWSCURRENT" && !to) {
    throw new AwsError(
      "InvalidParameterException",
      "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
    );
  }
  moveLabel(entry, move.stage, to);
  entry.changedAt = new Date(account.now());
}

/** How an entry is deleted: at once, or after a window of 7 to 30 days in which it can be restored. */
export interface Deletion {
  readonly recoveryWindowDays?: number;
  readonly force?: boolean;
}

/**
 * Marks an entry for deletion, or deletes it.
 * @returns when it is gone.
 * @throws {InvalidParameterException} the window. {InvalidRequestException} it is marked already.
 */
export function deleteSecret(account: Account, entry: SecretEntry, deletion: Deletion): Date {
  const { recoveryWindowDays: days = 30, force = false } = deletion;
  if (force && deletion.recoveryWindowDays !== undefined) {
    throw new AwsError(
      "InvalidParameterException",
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  }
  if (!Number.isInteger(days) || days < 7 || days > 30) {
    throw new AwsError(
      "InvalidParameterException",
      "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
    );
  }
  if (!force) refuseDeleted(entry);
  const now = account.now();
  const goneAt = new Date(force ? now : now + days * dayMilliseconds);
  entry.deletion = { requestedAt: new Date(now), goneAt };
  if (force) account.secrets.delete(entry.arn);
  return goneAt;
}

/** @throws {ValidationException} in Secrets Manager's words. */
export function checkSecretName(name: string): void {
  if (/^[\w/+=.@!-]{1,512}$/.test(name)) return;
  throw new AwsError(
    "ValidationException",
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
  );
}

function checkToken(token: string): void {
  if (token.length >= 32 && token.length <= 64) return;
  throw new AwsError("InvalidParameterException", "ClientRequestToken must be 32-64 characters long.");
}

function checkValue(value: SecretValue): void {
  const size = "text" in value ? Buffer.byteLength(value.text) : value.binary.byteLength;
  if (size > 0 && size <= maxValueBytes) return;
  throw new AwsError(
    "InvalidParameterException",
    `The secret value must be 1 to ${maxValueBytes} bytes long; it is ${size}.`,
  );
}

function checkStages(stages: readonly string[]): void {
  if (stages.length < 1 || stages.length > maxStages) {
    throw new AwsError(
      "InvalidParameterException",
      `A version must have 1 to ${maxStages} staging labels; the request has ${stages.length}.`,
    );
  }
  const wrong = stages.find((stage) => stage.length < 1 || stage.length > 256);
  if (wrong === undefined) return;
  throw new AwsError("InvalidParameterException", "A staging label must be 1 to 256 characters long.");
}

function sameValue(a: SecretValue, b: SecretValue | undefined): boolean {
  if (!b) return false;
  if ("text" in a || "text" in b) return isDeepStrictEqual(a, b);
  return Buffer.compare(a.binary, b.binary) === 0;
}
