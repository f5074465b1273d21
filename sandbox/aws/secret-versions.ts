import { isDeepStrictEqual } from "node:util";
import type { Account, SecretEntry, SecretValue, SecretVersion } from "./account";
import { AwsError, constraint } from "./errors";

const maxValueBytes = 65_536;
const maxStages = 20;
/** Above this many, versions without a label go, once they are a day old. */
const keptVersions = 100;
const dayMilliseconds = 24 * 60 * 60 * 1000;

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
 * @throws {ResourceExistsException} the token was used for another value. {ValidationException} the length of
 * token, value or labels. {LimitExceededException} the entry is full of versions.
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
  makeRoom(account, entry);
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
 * {LimitExceededException} the version has 20 labels.
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
      `When you move staging label ${move.stage}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label ${move.stage}.`,
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
  if (to && to !== holder && to.stages.size >= maxStages) {
    throw new AwsError("LimitExceededException", `A version can have at most ${maxStages} staging labels.`);
  }
  moveLabel(entry, move.stage, to);
  entry.changedAt = new Date(account.now());
}

function checkToken(token: string): void {
  if (token.length < 32) {
    throw constraint("ClientRequestToken", "Member must have length greater than or equal to 32");
  }
  if (token.length > 64) {
    throw constraint("ClientRequestToken", "Member must have length less than or equal to 64");
  }
}

/** The limit is in bytes, for text too. */
function checkValue(value: SecretValue): void {
  const [member, size] =
    "text" in value
      ? ["SecretString", Buffer.byteLength(value.text)]
      : ["SecretBinary", value.binary.byteLength];
  if (size < 1) throw constraint(member, "Member must have length greater than or equal to 1");
  if (size > maxValueBytes) {
    throw constraint(member, `Member must have length less than or equal to ${maxValueBytes}`);
  }
}

function checkStages(stages: readonly string[]): void {
  if (stages.length < 1)
    throw constraint("VersionStages", "Member must have length greater than or equal to 1");
  if (stages.length > maxStages) {
    throw constraint("VersionStages", `Member must have length less than or equal to ${maxStages}`);
  }
  if (stages.every((stage) => stage.length >= 1 && stage.length <= 256)) return;
  throw constraint("VersionStages", "Member must have length between 1 and 256");
}

/** Source: Secrets Manager user guide, quotas: about 100 versions, of which none younger than a day goes. */
function makeRoom(account: Account, entry: SecretEntry): void {
  const old = account.now() - dayMilliseconds;
  for (const version of entry.versions.values()) {
    if (entry.versions.size < keptVersions) return;
    if (version.stages.size === 0 && version.createdAt.getTime() < old) entry.versions.delete(version.id);
  }
  if (entry.versions.size < keptVersions) return;
  throw new AwsError(
    "LimitExceededException",
    `The secret has ${keptVersions} versions, and none of them can be removed yet.`,
  );
}

export function sameValue(a: SecretValue, b: SecretValue | undefined): boolean {
  if (!b) return false;
  if ("text" in a || "text" in b) return isDeepStrictEqual(a, b);
  return Buffer.compare(a.binary, b.binary) === 0;
}
