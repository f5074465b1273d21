import { type Account, makeArn, makeSecretSuffix, type SecretEntry, type Tags } from "./account";
import { AwsError } from "./errors";
import { type NewVersion, putVersion, sameValue } from "./secret-versions";

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

/** @throws {ValidationException} what is no name of an entry, and no ARN with one. */
export function checkSecretId(secretId: string): void {
  checkSecretName(secretId.replace(/^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:/, ""));
}

/** @throws {ValidationException} in Secrets Manager's words. */
export function checkSecretName(name: string): void {
  if (/^[\w/+=.@!-]{1,512}$/.test(name)) return;
  throw new AwsError(
    "ValidationException",
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
  );
}
