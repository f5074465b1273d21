import { AwsError } from "../../errors";
import { createSecret, deleteSecret, refuseDeleted } from "../../secret-entries";
import { moveStage, putVersion } from "../../secret-versions";
import type { JsonOperation } from "../../service";
import type { EntryAccess } from "./entry-access";
import {
  readSecretId,
  readSecretValue,
  readTags,
  readToken,
  readVersionId,
  seconds,
  stagesOf,
} from "./shapes";

const anyInteger = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };

/** The operations that change entries. */
export function writingOperations(access: EntryAccess): Record<string, JsonOperation> {
  const { account } = access;
  return {
    CreateSecret(input, call) {
      const name = input.requiredText("Name", { min: 1, max: 512 });
      const kmsKeyId = input.text("KmsKeyId", { max: 2048 });
      const context = { "secretsmanager:Name": name, "secretsmanager:KmsKeyId": kmsKeyId };
      access.requireGeneral(call, "CreateSecret", context, name);
      const value = readSecretValue(input);
      const id = readToken(input);
      const entry = createSecret(account, {
        name,
        region: call.region,
        description: input.text("Description", { max: 2048 }),
        kmsKeyId,
        tags: readTags(input),
        ...(value && { version: { id, value, kmsKeyArn: access.encryptionKey(call, kmsKeyId) } }),
      });
      return { ARN: entry.arn, Name: entry.name, VersionId: value && id };
    },

    PutSecretValue(input, call) {
      const stages = input.texts("VersionStages", { min: 1, max: 20 });
      const entry = access.open(call, readSecretId(input), "PutSecretValue", {
        "secretsmanager:VersionStage": stages,
      });
      const id = readToken(input);
      const value = readSecretValue(input);
      refuseDeleted(entry);
      if (!value) {
        throw new AwsError(
          "InvalidRequestException",
          "You must provide either SecretString or SecretBinary.",
        );
      }
      const kmsKeyArn = access.encryptionKey(call, entry.kmsKeyId);
      const version = putVersion(account, entry, { id, value, stages, kmsKeyArn });
      return { ARN: entry.arn, Name: entry.name, VersionId: version.id, VersionStages: stagesOf(version) };
    },

    UpdateSecretVersionStage(input, call) {
      const stage = input.requiredText("VersionStage", { min: 1, max: 256 });
      const entry = access.open(call, readSecretId(input), "UpdateSecretVersionStage", {
        "secretsmanager:VersionStage": stage,
      });
      refuseDeleted(entry);
      moveStage(account, entry, {
        stage,
        toVersionId: readVersionId(input, "MoveToVersionId"),
        fromVersionId: readVersionId(input, "RemoveFromVersionId"),
      });
      return { ARN: entry.arn, Name: entry.name };
    },

    DeleteSecret(input, call) {
      const recoveryWindowDays = input.integer("RecoveryWindowInDays", anyInteger);
      const force = input.flag("ForceDeleteWithoutRecovery");
      const entry = access.open(call, readSecretId(input), "DeleteSecret", {
        "secretsmanager:ForceDeleteWithoutRecovery": force,
        "secretsmanager:RecoveryWindowInDays": recoveryWindowDays,
      });
      const goneAt = deleteSecret(account, entry, { recoveryWindowDays, force });
      return { ARN: entry.arn, Name: entry.name, DeletionDate: seconds(goneAt) };
    },

    RestoreSecret(input, call) {
      const entry = access.open(call, readSecretId(input), "RestoreSecret");
      entry.deletion = undefined;
      return { ARN: entry.arn, Name: entry.name };
    },
  };
}
