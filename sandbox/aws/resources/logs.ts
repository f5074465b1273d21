import type { ResourceType } from "../../engine/cloud";
import type { Account } from "../account";
import { AwsError } from "../errors";
import { checkLogGroup, createLogGroup } from "../log-groups";
import { defineResource, nameOf, regionOf, textOf } from "./define";

/** `aws.cloudwatch.LogGroup`. Its id is its name; its ARN is without the `:*` that stands for its streams. */
export function logGroupResource(account: Account): ResourceType {
  return defineResource({
    accepts: ["name", "namePrefix", "retentionInDays", "kmsKeyId", "skipDestroy", "region", "tags"],
    check(inputs, request) {
      const name = nameOf(account, inputs, request.name);
      checkLogGroup({ name, retentionDays: inputs.number("retentionInDays") });
      return { name, region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const group = createLogGroup(account, {
        name: known.name as string,
        region: known.region as string,
        retentionDays: inputs.number("retentionInDays"),
        kmsKeyId: inputs.text("kmsKeyId"),
        tags: inputs.tags(),
      });
      return { id: group.name, outputs: { arn: group.arn } };
    },
    update(inputs, _, { old }) {
      const group = account.logGroups.get(textOf(old, "arn"));
      if (!group) throw new AwsError("ResourceNotFoundException", "The specified log group does not exist.");
      group.retentionDays = inputs.number("retentionInDays") ?? 0;
      group.kmsKeyId = inputs.text("kmsKeyId");
      group.tags = inputs.tags();
      return {};
    },
    remove(old) {
      if (old.inputs.skipDestroy !== true) account.logGroups.delete(textOf(old, "arn"));
    },
  });
}
