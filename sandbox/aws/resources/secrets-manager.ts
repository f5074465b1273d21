import type { PolicyDocument, PolicyStatement } from "../../../trust/index";
import type { ResourceType } from "../../engine/cloud";
import type { Account, SecretEntry } from "../account";
import { AwsError } from "../errors";
import { checkPolicy } from "../policy-store";
import { checkSecretName, createSecret, deleteSecret, refuseDeleted } from "../secret-entries";
import { defineResource, type Inputs, nameOf, regionOf } from "./define";

/** `aws.secretsmanager.Secret`: an entry without a value. Its id is its ARN. */
export function secretResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "name",
      "namePrefix",
      "description",
      "kmsKeyId",
      "policy",
      "recoveryWindowInDays",
      "region",
      "tags",
      "forceOverwriteReplicaSecret",
    ],
    check(inputs, request) {
      const name = nameOf(account, inputs, request.name);
      if (name !== undefined) checkSecretName(name);
      checkRecoveryWindow(inputs.number("recoveryWindowInDays"));
      checkResourcePolicy(inputs, false);
      return { name, region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const entry = createSecret(account, {
        name: known.name as string,
        region: known.region as string,
        description: inputs.text("description"),
        kmsKeyId: inputs.text("kmsKeyId"),
        tags: inputs.tags(),
      });
      entry.resourcePolicy = policyOf(inputs);
      return { id: entry.arn, outputs: { arn: entry.arn } };
    },
    update(inputs, _, { old }) {
      const entry = findEntry(account, old.id);
      refuseDeleted(entry);
      entry.description = inputs.text("description");
      entry.kmsKeyId = inputs.text("kmsKeyId");
      entry.tags = inputs.tags();
      // A policy that this resource never had is SecretPolicy's.
      if (inputs.has("policy") || old.inputs.policy !== undefined) entry.resourcePolicy = policyOf(inputs);
      entry.changedAt = new Date(account.now());
      return {};
    },
    remove({ id, inputs }) {
      const entry = findEntry(account, id);
      const days = typeof inputs.recoveryWindowInDays === "number" ? inputs.recoveryWindowInDays : 30;
      if (!entry.deletion)
        deleteSecret(account, entry, days === 0 ? { force: true } : { recoveryWindowDays: days });
    },
    read(id) {
      const entry = account.secrets.get(id);
      return entry && propertiesOf(entry);
    },
  });
}

/** `aws.secretsmanager.SecretPolicy`: the entry's resource policy. Its id is the entry's ARN. */
export function secretPolicyResource(account: Account): ResourceType {
  return defineResource({
    accepts: ["secretArn", "policy", "blockPublicPolicy", "region"],
    check(inputs, request) {
      inputs.require("secretArn", "policy");
      checkResourcePolicy(inputs, inputs.flag("blockPublicPolicy") ?? false);
      return { region: regionOf(account, request, inputs) };
    },
    create(inputs) {
      const arn = inputs.text("secretArn") as string;
      findEntry(account, arn).resourcePolicy = policyOf(inputs);
      return { id: arn };
    },
    update(inputs, _, { old }) {
      findEntry(account, old.id).resourcePolicy = policyOf(inputs);
      return {};
    },
    remove({ id }) {
      findEntry(account, id).resourcePolicy = undefined;
    },
  });
}

function findEntry(account: Account, arn: string): SecretEntry {
  const entry = account.secrets.get(arn);
  if (entry) return entry;
  throw new AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
}

function propertiesOf(entry: SecretEntry): Record<string, unknown> {
  return {
    arn: entry.arn,
    name: entry.name,
    description: entry.description,
    kmsKeyId: entry.kmsKeyId,
    policy: entry.resourcePolicy,
    region: entry.region,
    tags: { ...entry.tags },
    tagsAll: { ...entry.tags },
  };
}

/** The provider takes `{}` as "no policy". */
function policyOf(inputs: Inputs): string | undefined {
  const policy = inputs.text("policy");
  return policy === undefined || policy === "" || policy === "{}" ? undefined : policy;
}

/** Source: the provider's schema of `recoveryWindowInDays`: 0 deletes without recovery. */
function checkRecoveryWindow(days: number | undefined): void {
  if (days === undefined || days === 0 || (Number.isInteger(days) && days >= 7 && days <= 30)) return;
  throw new AwsError(
    "InvalidParameterException",
    "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
  );
}

function checkResourcePolicy(inputs: Inputs, blockPublic: boolean): void {
  const text = policyOf(inputs);
  if (text === undefined) return;
  checkPolicy(text, "resource", "MalformedPolicyDocumentException");
  const { Statement: statements } = JSON.parse(text) as PolicyDocument;
  if (blockPublic && [statements].flat().some(isPublic)) {
    throw new AwsError(
      "PublicPolicyException",
      "You can't attach this policy to the secret because it grants broad access to the secret.",
    );
  }
}

/** Allows everybody, whatever the circumstances. AWS proves more than that; this much is certain. */
function isPublic({ Effect: effect, Condition: condition, Principal: principal }: PolicyStatement): boolean {
  if (effect !== "Allow" || condition !== undefined || principal === undefined) return false;
  return principal === "*" || [principal.AWS].flat().includes("*");
}
