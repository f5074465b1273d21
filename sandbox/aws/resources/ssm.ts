import type { ResourceType } from "../../engine/cloud";
import { Secret } from "../../engine/values";
import type { Account } from "../account";
import { checkParameterName, putParameter, readParameterType } from "../parameters";
import { defineResource, nameOf, regionOf } from "./define";

/** `aws.ssm.Parameter`. Its id is its name. Like the provider, it shows `value` only as a secret. */
export function parameterResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "name",
      "type",
      "value",
      "insecureValue",
      "description",
      "keyId",
      "tier",
      "dataType",
      "overwrite",
      "region",
      "tags",
    ],
    check(inputs, request) {
      inputs.require("type");
      readParameterType(inputs.text("type"));
      const name = nameOf(account, inputs, request.name);
      if (name !== undefined) checkParameterName(name);
      if (inputs.has("value") === inputs.has("insecureValue")) {
        throw new TypeError(`${request.type}: exactly one of "value" and "insecureValue" must be given`);
      }
      return { name, region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(inputs, known) {
      const insecure = inputs.text("insecureValue");
      const value = inputs.text("value") ?? (insecure as string);
      const parameter = putParameter(account, {
        name: known.name as string,
        value,
        type: readParameterType(inputs.text("type")),
        region: known.region as string,
        description: inputs.text("description"),
        kmsKeyId: inputs.text("keyId"),
        tags: inputs.tags(),
        overwrite: inputs.flag("overwrite"),
      });
      return {
        id: parameter.name,
        outputs: {
          arn: parameter.arn,
          version: parameter.versions.length,
          value: new Secret(value),
          insecureValue: insecure,
        },
      };
    },
  });
}
