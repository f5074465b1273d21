import { AwsError } from "../../errors";
import { pageOf } from "../../pages";
import { liveSecrets } from "../../secret-entries";
import type { JsonOperation } from "../../service";
import type { EntryAccess } from "./entry-access";
import {
  readFilters,
  readSecretId,
  readVersionId,
  showEntry,
  showValue,
  showVersion,
  stagesByVersion,
} from "./shapes";

const code = "InvalidNextTokenException";

/** The operations that change nothing. */
export function readingOperations(access: EntryAccess): Record<string, JsonOperation> {
  const { account } = access;
  return {
    GetSecretValue(input, call) {
      const versionId = readVersionId(input, "VersionId");
      const versionStage = input.text("VersionStage", { min: 1, max: 256 });
      const entry = access.open(call, readSecretId(input), "GetSecretValue", {
        "secretsmanager:VersionId": versionId,
        // Only as asked for: the default AWSCURRENT is no condition key, so a policy that wants it refuses who
        // does not say it. https://github.com/aws/aws-cli/issues/5031
        "secretsmanager:VersionStage": versionStage,
      });
      return showValue(entry, access.readVersion(call, entry, { versionId, versionStage }));
    },

    BatchGetSecretValue(input, call) {
      access.requireGeneral(call, "BatchGetSecretValue");
      const ids = input.texts("SecretIdList", { min: 1, max: 20 });
      const matches = readFilters(input);
      if ((ids === undefined) === (input.objects("Filters").length === 0)) {
        throw new AwsError(
          "InvalidParameterException",
          "Either 'SecretIdList' or 'Filters' must be provided, but not both.",
        );
      }
      if (ids === undefined) access.requireGeneral(call, "ListSecrets");
      const asked = ids ?? [...liveSecrets(account, call.region)].filter(matches).map(({ arn }) => arn);
      const page = pageOf(asked, input, { max: 20, standard: 20, code });
      const values: object[] = [];
      const errors: object[] = [];
      for (const secretId of page.items) {
        try {
          const entry = access.open(call, secretId, "GetSecretValue");
          values.push(showValue(entry, access.readVersion(call, entry, {})));
        } catch (error) {
          // One entry that cannot be read does not keep the others back.
          if (!(error instanceof AwsError)) throw error;
          errors.push({ SecretId: secretId, ErrorCode: error.code, Message: error.message });
        }
      }
      return { SecretValues: values, Errors: errors, NextToken: page.nextToken };
    },

    DescribeSecret(input, call) {
      const entry = access.open(call, readSecretId(input), "DescribeSecret");
      return { ...showEntry(entry), VersionIdsToStages: stagesByVersion(entry) };
    },

    ListSecrets(input, call) {
      access.requireGeneral(call, "ListSecrets");
      const withDeleted = input.flag("IncludePlannedDeletion");
      const entries = [...liveSecrets(account, call.region)]
        .filter((entry) => withDeleted || !entry.deletion)
        .filter(readFilters(input));
      if (input.text("SortOrder") === "desc") entries.reverse();
      const page = pageOf(entries, input, { max: 100, standard: 100, code });
      return {
        SecretList: page.items.map((entry) => ({
          ...showEntry(entry),
          SecretVersionsToStages: stagesByVersion(entry),
        })),
        NextToken: page.nextToken,
      };
    },

    ListSecretVersionIds(input, call) {
      const entry = access.open(call, readSecretId(input), "ListSecretVersionIds");
      const withDeprecated = input.flag("IncludeDeprecated");
      const versions = [...entry.versions.values()].filter(({ stages }) => withDeprecated || stages.size > 0);
      const page = pageOf(versions, input, { max: 100, standard: 100, code });
      return {
        ARN: entry.arn,
        Name: entry.name,
        Versions: page.items.map(showVersion),
        NextToken: page.nextToken,
      };
    },

    GetResourcePolicy(input, call) {
      const entry = access.open(call, readSecretId(input), "GetResourcePolicy");
      return { ARN: entry.arn, Name: entry.name, ResourcePolicy: entry.resourcePolicy };
    },
  };
}
