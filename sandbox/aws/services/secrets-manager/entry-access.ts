import type { RequestContext } from "../../../../trust/index";
import type { Account, SecretEntry, SecretVersion } from "../../account";
import type { Authorizer } from "../../authorize";
import { AwsError } from "../../errors";
import { findKey, requireKey } from "../../kms-keys";
import { checkSecretId, findSecret, refuseDeleted } from "../../secret-entries";
import { noteAccess, selectVersion, type VersionSelector } from "../../secret-versions";
import type { SignedCall } from "../../service";

const noKey = "Access to KMS is not allowed";

/** The way to an entry: nothing of it is shown or changed before the caller may. */
export class EntryAccess {
  readonly account: Account;
  private readonly authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.account = authorizer.account;
    this.authorizer = authorizer;
  }

  /**
   * The entry that `secretId` means, once the caller may do `action` to it.
   * @throws {AccessDeniedException} {ResourceNotFoundException}
   */
  open(call: SignedCall, secretId: string, action: string, context: RequestContext = {}): SecretEntry {
    checkSecretId(secretId);
    const entry = findSecret(this.account, call.region, secretId);
    this.authorizer.require(call.caller, call.region, {
      action: `secretsmanager:${action}`,
      // What does not exist is judged by the name or ARN asked for: only who might read it learns that.
      resource: entry?.arn ?? this.unknownArn(call, secretId),
      shownResource: secretId,
      resourcePolicy: entry?.resourcePolicy,
      context: { "secretsmanager:SecretId": secretId, ...(entry && tagKeys(entry)), ...context },
    });
    if (entry) return entry;
    throw new AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
  }

  /** @throws {AccessDeniedException} the caller may not do that to what has no entry. */
  requireGeneral(call: SignedCall, action: string, context: RequestContext = {}, name?: string): void {
    this.authorizer.require(call.caller, call.region, {
      action: `secretsmanager:${action}`,
      resource: name === undefined ? "*" : this.unknownArn(call, name),
      shownResource: name,
      context,
    });
  }

  /** The version that a request asks for, once the caller may decrypt it. */
  readVersion(call: SignedCall, entry: SecretEntry, selector: VersionSelector): SecretVersion {
    refuseDeleted(entry);
    const version = selectVersion(entry, selector);
    requireKey(this.authorizer, call, {
      action: "kms:Decrypt",
      keyArn: version.kmsKeyArn,
      via: "secretsmanager",
      encryptionContext: { SecretARN: entry.arn, SecretVersionId: version.id },
      refusal: noKey,
    });
    noteAccess(this.account, entry, version);
    return version;
  }

  /** The key that a new version is encrypted with, once the caller may use it; undefined for AWS's own. */
  encryptionKey(call: SignedCall, kmsKeyId: string | undefined): string | undefined {
    if (kmsKeyId === undefined) return undefined;
    const { arn: keyArn } = findKey(this.account, call.region, kmsKeyId);
    for (const action of ["kms:GenerateDataKey", "kms:Decrypt"]) {
      requireKey(this.authorizer, call, { action, keyArn, via: "secretsmanager", refusal: noKey });
    }
    return keyArn;
  }

  private unknownArn({ region }: SignedCall, secretId: string): string {
    if (/^arn:[^:]*:[^:]*:[^:]*:[^:]*:/.test(secretId)) return secretId;
    return `arn:${this.account.partition}:secretsmanager:${region}:${this.account.id}:secret:${secretId}`;
  }
}

function tagKeys(entry: SecretEntry): RequestContext {
  const keys = Object.entries(entry.tags).flatMap(([tag, value]) => [
    [`aws:ResourceTag/${tag}`, value],
    [`secretsmanager:ResourceTag/${tag}`, value],
  ]);
  return Object.fromEntries(keys);
}
