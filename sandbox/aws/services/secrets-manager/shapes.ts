import type { SecretEntry, SecretValue, SecretVersion } from "../../account";
import { AwsError, constraint } from "../../errors";
import type { JsonInput } from "../../service";

/** `SecretId`: a name, an ARN, or an ARN without its last six characters. */
export function readSecretId(input: JsonInput): string {
  return input.requiredText("SecretId", { min: 1, max: 2048 });
}

/** The client's request token, which becomes the version's id. SDKs and the CLI add it by themselves. */
export function readToken(input: JsonInput): string {
  const token = input.text("ClientRequestToken");
  if (token !== undefined) return token;
  throw new AwsError(
    "InvalidRequestException",
    "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
  );
}

export function readVersionId(input: JsonInput, name: string): string | undefined {
  return input.text(name, { min: 32, max: 64 });
}

export function readSecretValue(input: JsonInput): SecretValue | undefined {
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

export function readTags(input: JsonInput): Record<string, string> {
  const tags = input.objects("Tags").map(({ Key, Value }) => {
    if (typeof Key !== "string" || Key === "") throw constraint("Tags", "Member must have a Key");
    return [Key, typeof Value === "string" ? Value : ""];
  });
  return Object.fromEntries(tags);
}

/** `Filters`, as far as the sandbox has them: by name. A value matches from the start, without regard to case. */
export function readFilters(input: JsonInput): (entry: SecretEntry) => boolean {
  const tests = input.objects("Filters").map(({ Key, Values }) => {
    if (Key !== "name") {
      throw new AwsError("InvalidParameterException", "sandbox: of the filters only `name` is implemented");
    }
    const prefixes = (Array.isArray(Values) ? Values : []).map((value) => String(value).toLowerCase());
    return ({ name }: SecretEntry) => prefixes.some((prefix) => name.toLowerCase().startsWith(prefix));
  });
  return (entry) => tests.every((test) => test(entry));
}

/** An entry with one value, as `GetSecretValue` shows it. */
export function showValue(entry: SecretEntry, version: SecretVersion): object {
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

/** An entry without its values, as `DescribeSecret` and `ListSecrets` show it. */
export function showEntry(entry: SecretEntry): object {
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

export function showVersion(version: SecretVersion): object {
  return {
    VersionId: version.id,
    VersionStages: version.stages.size > 0 ? stagesOf(version) : undefined,
    LastAccessedDate: version.accessedOn && seconds(version.accessedOn),
    CreatedDate: seconds(version.createdAt),
    KmsKeyIds: [version.kmsKeyArn ?? "DefaultEncryptionKey"],
  };
}

/** Labels by version. An entry without a value has no such member at all. */
export function stagesByVersion(entry: SecretEntry): Record<string, string[]> | undefined {
  const labelled = [...entry.versions.values()].filter(({ stages }) => stages.size > 0);
  if (labelled.length === 0) return undefined;
  return Object.fromEntries(labelled.map((version) => [version.id, stagesOf(version)]));
}

/** AWS lists labels in alphabetical order. */
export function stagesOf(version: SecretVersion): string[] {
  return [...version.stages].sort();
}

/** AWS JSON writes times as seconds since 1970, with a fraction. */
export function seconds(date: Date): number {
  return date.getTime() / 1000;
}
