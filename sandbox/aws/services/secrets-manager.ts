import type { RequestContext } from "../../../trust/evaluate/context";
import type { Account, SecretEntry, SecretValue, SecretVersion } from "../account";
import type { Authorizer } from "../authorize";
import { AwsError } from "../errors";
import { findKey, requireKey } from "../kms-keys";
import { pageOf } from "../pages";
import { jsonProtocol } from "../protocol";
import {
  createSecret,
  deleteSecret,
  findSecret,
  liveSecrets,
  moveStage,
  noteAccess,
  putVersion,
  refuseDeleted,
  selectVersion,
} from "../secret-entries";
import {
  type AwsService,
  constraint,
  type JsonInput,
  type JsonOperation,
  jsonHandler,
  type SignedCall,
} from "../service";

const idLength = { min: 1, max: 2048 };

/**
 * Secrets Manager over an account's entries.
 * Source of shapes and errors: the service's API reference, version 2017-10-17.
 */
export function secretsManagerService(authorizer: Authorizer): AwsService {
  const { account } = authorizer;
  const protocol = jsonProtocol("secretsmanager", { messageKey: "Message" });

  /** Finds the entry that a request is about, once the caller may do that to it. */
  function openEntry(input: JsonInput, call: SignedCall, context: RequestContext = {}): SecretEntry {
    const secretId = input.requiredText("SecretId", idLength);
    return openById(secretId, call.operation, call, context);
  }

  function openById(
    secretId: string,
    action: string,
    call: SignedCall,
    context: RequestContext,
  ): SecretEntry {
    const entry = findSecret(account, call.region, secretId);
    authorizer.require(call.caller, call.region, {
      action: `secretsmanager:${action}`,
      // What does not exist is judged by the name or ARN asked for: only who may read it learns that.
      resource: entry?.arn ?? unknownArn(account, call.region, secretId),
      shownResource: secretId,
      resourcePolicy: entry?.resourcePolicy,
      context: { "secretsmanager:SecretId": secretId, ...(entry && tagKeys(entry)), ...context },
    });
    if (entry) return entry;
    throw new AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
  }

  function readValue(
    entry: SecretEntry,
    call: SignedCall,
    selector: { versionId?: string; versionStage?: string },
  ): SecretVersion {
    refuseDeleted(entry);
    const version = selectVersion(entry, selector);
    requireKey(authorizer, call, {
      action: "kms:Decrypt",
      keyArn: version.kmsKeyArn,
      via: "secretsmanager",
      encryptionContext: { SecretARN: entry.arn, SecretVersionId: version.id },
      refusal: "Access to KMS is not allowed",
    });
    noteAccess(account, entry, version);
    return version;
  }

  /** The key that a new version is encrypted with. */
  function keyFor(entry: Pick<SecretEntry, "kmsKeyId" | "region">, call: SignedCall): string | undefined {
    if (entry.kmsKeyId === undefined) return undefined;
    const key = findKey(account, entry.region, entry.kmsKeyId);
    for (const action of ["kms:GenerateDataKey", "kms:Decrypt"]) {
      requireKey(authorizer, call, {
        action,
        keyArn: key.arn,
        via: "secretsmanager",
        refusal: "Access to KMS is not allowed",
      });
    }
    return key.arn;
  }

  const operations: Record<string, JsonOperation> = {
    CreateSecret(input, call) {
      const name = input.requiredText("Name", { min: 1, max: 512 });
      const value = readSecretValue(input);
      const kmsKeyId = input.text("KmsKeyId", { max: 2048 });
      authorizer.require(call.caller, call.region, {
        action: "secretsmanager:CreateSecret",
        resource: unknownArn(account, call.region, name),
        shownResource: name,
        context: { "secretsmanager:Name": name, "secretsmanager:KmsKeyId": kmsKeyId },
      });
      const token = requestToken(input);
      const kmsKeyArn = value && keyFor({ kmsKeyId, region: call.region }, call);
      const entry = createSecret(account, {
        name,
        region: call.region,
        description: input.text("Description", { max: 2048 }),
        kmsKeyId,
        tags: readTags(input),
        ...(value && { version: { id: token, value, kmsKeyArn } }),
      });
      return { ARN: entry.arn, Name: entry.name, VersionId: value && token };
    },

    GetSecretValue(input, call) {
      const versionId = input.text("VersionId", { min: 32, max: 64 });
      const versionStage = input.text("VersionStage", { min: 1, max: 256 });
      const entry = openEntry(input, call, versionKeys({ versionId, versionStage }));
      return valueEntry(entry, readValue(entry, call, { versionId, versionStage }));
    },

    BatchGetSecretValue(input, call) {
      authorizer.require(call.caller, call.region, {
        action: "secretsmanager:BatchGetSecretValue",
        resource: "*",
      });
      const ids = input.texts("SecretIdList", { min: 1, max: 20 });
      const filters = input.objects("Filters");
      if ((ids === undefined) === (filters.length === 0)) {
        throw new AwsError(
          "InvalidParameterException",
          "Either 'SecretIdList' or 'Filters' must be provided, but not both.",
        );
      }
      if (ids === undefined) requireListing(call);
      const listed =
        ids ?? [...liveSecrets(account, call.region)].filter(matching(filters)).map(({ arn }) => arn);
      const page = pageOf(listed, input, { max: 20, standard: 20, code: "InvalidNextTokenException" });
      const values: object[] = [];
      const errors: object[] = [];
      for (const secretId of page.items) {
        try {
          const entry = openById(secretId, "GetSecretValue", call, versionKeys({}));
          values.push(valueEntry(entry, readValue(entry, call, {})));
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          errors.push({ SecretId: secretId, ErrorCode: error.code, Message: error.message });
        }
      }
      return { SecretValues: values, Errors: errors, NextToken: page.nextToken };
    },

    PutSecretValue(input, call) {
      const value = readSecretValue(input);
      const stages = input.texts("VersionStages", { min: 1, max: 20 });
      const entry = openEntry(input, call, { "secretsmanager:VersionStage": stages });
      const id = requestToken(input);
      refuseDeleted(entry);
      if (!value) {
        throw new AwsError(
          "InvalidRequestException",
          "You must provide either SecretString or SecretBinary.",
        );
      }
      const version = putVersion(account, entry, { id, value, stages, kmsKeyArn: keyFor(entry, call) });
      return { ARN: entry.arn, Name: entry.name, VersionId: version.id, VersionStages: stagesOf(version) };
    },

    DescribeSecret(input, call) {
      const entry = openEntry(input, call);
      return { ...describe(entry), VersionIdsToStages: stagesByVersion(entry) };
    },

    ListSecrets(input, call) {
      requireListing(call);
      const withDeleted = input.flag("IncludePlannedDeletion");
      const entries = [...liveSecrets(account, call.region)]
        .filter((entry) => withDeleted || !entry.deletion)
        .filter(matching(input.objects("Filters")));
      if (input.text("SortOrder") === "desc") entries.reverse();
      const page = pageOf(entries, input, { max: 100, standard: 100, code: "InvalidNextTokenException" });
      return {
        SecretList: page.items.map((entry) => ({
          ...describe(entry),
          SecretVersionsToStages: stagesByVersion(entry),
        })),
        NextToken: page.nextToken,
      };
    },

    ListSecretVersionIds(input, call) {
      const entry = openEntry(input, call);
      const withDeprecated = input.flag("IncludeDeprecated");
      const versions = [...entry.versions.values()].filter(({ stages }) => withDeprecated || stages.size > 0);
      const page = pageOf(versions, input, { max: 100, standard: 100, code: "InvalidNextTokenException" });
      return {
        ARN: entry.arn,
        Name: entry.name,
        Versions: page.items.map((version) => ({
          VersionId: version.id,
          VersionStages: version.stages.size > 0 ? stagesOf(version) : undefined,
          LastAccessedDate: version.accessedOn && seconds(version.accessedOn),
          CreatedDate: seconds(version.createdAt),
          KmsKeyIds: [version.kmsKeyArn ?? "DefaultEncryptionKey"],
        })),
        NextToken: page.nextToken,
      };
    },

    UpdateSecretVersionStage(input, call) {
      const stage = input.requiredText("VersionStage", { min: 1, max: 256 });
      const entry = openEntry(input, call, { "secretsmanager:VersionStage": [stage] });
      refuseDeleted(entry);
      moveStage(account, entry, {
        stage,
        toVersionId: input.text("MoveToVersionId", { min: 32, max: 64 }),
        fromVersionId: input.text("RemoveFromVersionId", { min: 32, max: 64 }),
      });
      return { ARN: entry.arn, Name: entry.name };
    },

    DeleteSecret(input, call) {
      const recoveryWindowDays = input.integer("RecoveryWindowInDays", {
        min: Number.MIN_SAFE_INTEGER,
        max: Number.MAX_SAFE_INTEGER,
      });
      const force = input.flag("ForceDeleteWithoutRecovery");
      const entry = openEntry(input, call, {
        "secretsmanager:ForceDeleteWithoutRecovery": force,
        "secretsmanager:RecoveryWindowInDays": recoveryWindowDays,
      });
      const goneAt = deleteSecret(account, entry, { recoveryWindowDays, force });
      return { ARN: entry.arn, Name: entry.name, DeletionDate: seconds(goneAt) };
    },

    RestoreSecret(input, call) {
      const entry = openEntry(input, call);
      entry.deletion = undefined;
      return { ARN: entry.arn, Name: entry.name };
    },

    GetResourcePolicy(input, call) {
      const entry = openEntry(input, call);
      return { ARN: entry.arn, Name: entry.name, ResourcePolicy: entry.resourcePolicy };
    },
  };

  function requireListing(call: SignedCall): void {
    authorizer.require(call.caller, call.region, { action: "secretsmanager:ListSecrets", resource: "*" });
  }

  return { signingName: "secretsmanager", protocol, handle: jsonHandler(protocol, operations) };
}

/** A name that no entry has, as an ARN to judge it by. */
function unknownArn(account: Account, region: string, secretId: string): string {
  if (/^arn:[^:]*:[^:]*:[^:]*:[^:]*:/.test(secretId)) return secretId;
  return `arn:${account.partition}:secretsmanager:${region}:${account.id}:secret:${secretId}`;
}

function tagKeys(entry: SecretEntry): RequestContext {
  const keys = Object.entries(entry.tags).flatMap(([tag, value]) => [
    [`aws:ResourceTag/${tag}`, value],
    [`secretsmanager:ResourceTag/${tag}`, value],
  ]);
  return Object.fromEntries(keys);
}

/** A request that names neither version nor label asks for `AWSCURRENT`, and is judged so. */
function versionKeys({
  versionId,
  versionStage,
}: {
  versionId?: string;
  versionStage?: string;
}): RequestContext {
  const stage = versionStage ?? (versionId === undefined ? "AWSCURRENT" : undefined);
  return {
    "secretsmanager:VersionId": versionId,
    "secretsmanager:VersionStage": stage === undefined ? undefined : [stage],
  };
}

function requestToken(input: JsonInput): string {
  const token = input.text("ClientRequestToken", { min: 32, max: 64 });
  if (token !== undefined) return token;
  throw new AwsError(
    "InvalidRequestException",
    "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
  );
}

function readSecretValue(input: JsonInput): SecretValue | undefined {
  const text = input.text("SecretString");
  const binary = input.text("SecretBinary");
  if (text !== undefined && binary !== undefined) {
    throw new AwsError(
      "InvalidParameterException",
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (text !== undefined) return { text };
  return binary === undefined ? undefined : { binary: Buffer.from(binary, "base64") };
}

function readTags(input: JsonInput): Record<string, string> {
  const tags = input.objects("Tags").map(({ Key, Value }) => {
    if (typeof Key !== "string" || Key === "") throw constraint("Tags", "Member must have a Key");
    return [Key, typeof Value === "string" ? Value : ""];
  });
  return Object.fromEntries(tags);
}

/** `Filters`, as far as the sandbox has them: by name. A value matches from the start, without regard to case. */
function matching(filters: readonly Record<string, unknown>[]): (entry: SecretEntry) => boolean {
  const tests = filters.map(({ Key, Values }) => {
    if (Key !== "name") {
      throw new AwsError(
        "InvalidParameterException",
        `sandbox: the filter ${String(Key)} is not implemented`,
      );
    }
    const values = Array.isArray(Values) ? Values.map(String) : [];
    return ({ name }: SecretEntry) =>
      values.some((value) =>
        value.startsWith("!")
          ? !name.toLowerCase().startsWith(value.slice(1).toLowerCase())
          : name.toLowerCase().startsWith(value.toLowerCase()),
      );
  });
  return (entry) => tests.every((test) => test(entry));
}

function valueEntry(entry: SecretEntry, version: SecretVersion): object {
  return {
    ARN: entry.arn,
    Name: entry.name,
    VersionId: version.id,
    ...("text" in version.value
      ? { SecretString: version.value.text }
      : { SecretBinary: Buffer.from(version.value.binary).toString("base64") }),
    VersionStages: stagesOf(version),
    CreatedDate: seconds(version.createdAt),
  };
}

function describe(entry: SecretEntry): object {
  const tags = Object.entries(entry.tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    ARN: entry.arn,
    Name: entry.name,
    Description: entry.description,
    KmsKeyId: entry.kmsKeyId,
    LastChangedDate: seconds(entry.changedAt),
    LastAccessedDate: entry.accessedOn && seconds(entry.accessedOn),
    DeletedDate: entry.deletion && seconds(entry.deletion.requestedAt),
    Tags: tags.length > 0 ? tags : undefined,
    CreatedDate: seconds(entry.createdAt),
  };
}

/** Versions that have a label. An entry without a value has no such member at all. */
function stagesByVersion(entry: SecretEntry): Record<string, string[]> | undefined {
  const labelled = [...entry.versions.values()].filter(({ stages }) => stages.size > 0);
  if (labelled.length === 0) return undefined;
  return Object.fromEntries(labelled.map((version) => [version.id, stagesOf(version)]));
}

function stagesOf(version: SecretVersion): string[] {
  return [...version.stages].sort();
}

/** AWS JSON writes times as seconds since 1970, with a fraction. */
function seconds(date: Date): number {
  return date.getTime() / 1000;
}
