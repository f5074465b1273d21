import type { ResourceType } from "../../engine/cloud";
import type { Account } from "../account";
import { AwsError } from "../errors";
import { checkTableName, createTable, findTable, type KeyAttribute, type KeyType } from "../tables";
import { defineResource, type Inputs, nameOf, regionOf, textOf } from "./define";

/** `aws.dynamodb.Table`, without indexes, streams and replicas. Its id is its name. */
export function tableResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "name",
      "namePrefix",
      "billingMode",
      "readCapacity",
      "writeCapacity",
      "hashKey",
      "rangeKey",
      "attributes",
      "ttl",
      "pointInTimeRecovery",
      "serverSideEncryption",
      "deletionProtectionEnabled",
      "region",
      "tags",
    ],
    check(inputs, request) {
      inputs.require("hashKey", "attributes");
      const name = nameOf(account, inputs, request.name);
      if (name !== undefined) checkTableName(name);
      readKeys(inputs);
      const billingMode = readBillingMode(inputs);
      readTimeToLive(inputs);
      return { name, billingMode, region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const { hashKey, rangeKey } = readKeys(inputs);
      const table = createTable(account, {
        name: known.name as string,
        region: known.region as string,
        hashKey: hashKey as KeyAttribute,
        rangeKey,
        billingMode: readBillingMode(inputs),
        timeToLiveAttribute: readTimeToLive(inputs),
        tags: inputs.tags(),
      });
      return { id: table.name, outputs: { arn: table.arn } };
    },
    update(inputs, _, { old }) {
      const table = findTable(account, "", textOf(old, "arn"));
      if (!table) throw new AwsError("ResourceNotFoundException", "Requested resource not found");
      table.billingMode = readBillingMode(inputs);
      table.timeToLiveAttribute = readTimeToLive(inputs);
      table.tags = inputs.tags();
      return {};
    },
    remove(old) {
      if (old.inputs.deletionProtectionEnabled === true) {
        throw new AwsError(
          "ValidationException",
          `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.`,
        );
      }
      account.tables.delete(textOf(old, "arn"));
    },
  });
}

/** The key attributes, as far as they are known. DynamoDB refuses attributes that are in no key. */
function readKeys(inputs: Inputs): { hashKey?: KeyAttribute; rangeKey?: KeyAttribute } {
  const types = inputs
    .structures("attributes", ["name", "type"])
    ?.map((attribute) => [attribute.text("name"), attribute.text("type")] as const);
  const names = [inputs.text("hashKey"), inputs.text("rangeKey")].filter((name) => name !== undefined);
  if (types === undefined || names.length === 0) return {};
  const keyOf = (name: string | undefined): KeyAttribute | undefined => {
    if (name === undefined) return undefined;
    const type = types.find(([attribute]) => attribute === name)?.[1];
    if (type === "S" || type === "N" || type === "B") return { name, type: type satisfies KeyType };
    throw invalid(`all indexes must match a defined attribute. Unmatched index: "${name}"`);
  };
  const unused = types.find(([name]) => name !== undefined && !names.includes(name));
  if (unused) throw invalid(`all attributes must be indexed. Unused attribute: "${unused[0]}"`);
  return { hashKey: keyOf(inputs.text("hashKey")), rangeKey: keyOf(inputs.text("rangeKey")) };
}

/** Provisioned throughput is taken, and has no effect: nothing is throttled here. */
function readBillingMode(inputs: Inputs): "PAY_PER_REQUEST" | "PROVISIONED" {
  const mode = inputs.text("billingMode") ?? "PROVISIONED";
  if (mode !== "PAY_PER_REQUEST" && mode !== "PROVISIONED") {
    throw invalid(`expected billingMode to be one of ["PAY_PER_REQUEST" "PROVISIONED"], got ${mode}`);
  }
  const capacity = [inputs.number("readCapacity"), inputs.number("writeCapacity")];
  if (mode === "PROVISIONED" && capacity.some((units) => units === undefined || units < 1)) {
    throw invalid('readCapacity and writeCapacity must be at least 1 when billingMode is "PROVISIONED"');
  }
  return mode;
}

function readTimeToLive(inputs: Inputs): string | undefined {
  const ttl = inputs.structure("ttl", ["attributeName", "enabled"]);
  return ttl?.flag("enabled") ? ttl.text("attributeName") : undefined;
}

function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message);
}
