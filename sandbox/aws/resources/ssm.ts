import type { ResourceType } from "../../engine/cloud";
import { Secret } from "../../engine/values";
import type { Account, Parameter } from "../account";
import { checkParameterName, putParameter, readParameterType } from "../parameters";
import { defineResource, type Inputs, nameOf, regionOf, textOf } from "./define";

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
    create: (inputs, known) => {
      const parameter = write(inputs, known, inputs.flag("overwrite") ?? false);
      return { id: parameter.name, outputs: outputsOf(parameter, inputs) };
    },
    update: (inputs, known) => outputsOf(write(inputs, known, true), inputs),
    remove: (old) => void account.parameters.delete(textOf(old, "arn")),
    renews: ["version"],
  });

  function write(inputs: Inputs, known: Record<string, unknown>, overwrite: boolean): Parameter {
    return putParameter(account, {
      name: known.name as string,
      value: textIn(inputs),
      type: readParameterType(inputs.text("type")),
      region: known.region as string,
      description: inputs.text("description"),
      kmsKeyId: inputs.text("keyId"),
      tags: inputs.tags(),
      overwrite,
    });
  }
}

function textIn(inputs: Inputs): string {
  return inputs.text("value") ?? (inputs.text("insecureValue") as string);
}

function outputsOf({ arn, versions }: Parameter, inputs: Inputs): Record<string, unknown> {
  return {
    arn,
    version: versions.length,
    value: new Secret(textIn(inputs)),
    insecureValue: inputs.text("insecureValue"),
  };
}
