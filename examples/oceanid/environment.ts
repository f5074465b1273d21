// In a project of your own: from "escapement/esc".
import { at, decodeEntries, environment, fillBlocks, readEntries, selectItems, valueIn } from "../../esc";
import { inventory } from "./inventory";
import { nerLabels } from "./labels";

export const project = "oceanid-cluster";

interface Known {
  readonly region: string;
  /** ARN of the role that ESC assumes. None: no secrets are read. */
  readonly loginRoleArn?: string;
}

/** What the cluster runs with: `oceanid-cluster/prod`. Which variables and keys it has, the inventory says. */
export function prod({ region, loginRoleArn }: Known) {
  const stored = selectItems(inventory, "prod", "aws-secrets");
  const owner = { project, stage: "prod" };
  return environment({ description: "What the cluster and its models run with" })
    .value(
      "secretEntries",
      loginRoleArn === undefined ? undefined : readEntries(stored, { owner, region, loginRoleArn }),
    )
    .value(
      "secrets",
      ({ secretEntries }) =>
        secretEntries && decodeEntries(stored, ({ name }) => at<string>(secretEntries, name)),
    )
    .environmentVariables(({ secrets }) => blocks(secrets).environmentVariables)
    .pulumiConfig(({ secrets }) => blocks(secrets).pulumiConfig);
}

function blocks(secrets: Parameters<typeof valueIn>[0] | undefined) {
  return fillBlocks(inventory, "prod", {
    settings: { github_repo: "acme/oceanid", nerLabels: JSON.stringify(nerLabels) },
    find: ({ item, value }) => secrets && valueIn(secrets, item, value),
  });
}
