import type { ResourceType } from "../../engine/cloud";
import { type Account, makeArn } from "../account";
import { AwsError } from "../errors";
import { createKey, findKey } from "../kms-keys";
import { checkPolicy } from "../policy-store";
import { defineResource, nameOf, regionOf, textOf } from "./define";

/** `aws.kms.Key`: an identity and a policy; nothing is encrypted with it here. Its id is the key's id. */
export function keyResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "description",
      "policy",
      "deletionWindowInDays",
      "enableKeyRotation",
      "rotationPeriodInDays",
      "region",
      "tags",
    ],
    check(inputs, request) {
      const policy = inputs.text("policy");
      if (policy !== undefined) checkPolicy(policy, "resource", "MalformedPolicyDocumentException");
      return { region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const key = createKey(account, {
        region: known.region as string,
        description: inputs.text("description"),
        policy: inputs.text("policy"),
        tags: inputs.tags(),
      });
      return { id: key.id, outputs: { arn: key.arn, keyId: key.id } };
    },
    update(inputs, _, { old }) {
      const key = findKey(account, textOf(old, "region"), old.id);
      key.description = inputs.text("description") ?? "";
      key.policy = inputs.text("policy") ?? key.policy;
      key.tags = inputs.tags();
      return {};
    },
    // AWS waits for days before it deletes a key; what it encrypted cannot be read from the first of them.
    remove: (old) => void account.keys.delete(textOf(old, "arn")),
  });
}

/** `aws.kms.Alias`. Its id is its name. */
export function aliasResource(account: Account): ResourceType {
  return defineResource({
    accepts: ["name", "namePrefix", "targetKeyId", "region"],
    check(inputs, request) {
      inputs.require("targetKeyId");
      const name = nameOf(account, inputs, `alias/${request.name}`);
      if (name !== undefined && !/^alias\/(?!aws\/)[\w/-]{1,250}$/.test(name)) {
        throw new AwsError("ValidationException", `Invalid alias name: ${name}`);
      }
      return { name, region: regionOf(account, request, inputs) };
    },
    create(inputs, known) {
      const name = known.name as string;
      const region = known.region as string;
      const key = findKey(account, region, inputs.text("targetKeyId") as string);
      key.aliases.add(name);
      return { id: name, outputs: { arn: makeArn(account, "kms", region, name), targetKeyArn: key.arn } };
    },
    update(inputs, known, { old }) {
      const key = findKey(account, known.region as string, inputs.text("targetKeyId") as string);
      removeAlias(account, textOf(old, "region"), old.id);
      key.aliases.add(old.id);
      return { targetKeyArn: key.arn };
    },
    remove: (old) => removeAlias(account, textOf(old, "region"), old.id),
  });
}

function removeAlias(account: Account, region: string, name: string): void {
  findKey(account, region, name).aliases.delete(name);
}
