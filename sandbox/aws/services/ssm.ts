import { createHash } from "node:crypto";
import { type Parameter, ParameterType } from "../account";
import type { Authorizer } from "../authorize";
import { AwsError } from "../errors";
import { findKey, requireKey } from "../kms-keys";
import { pageOf } from "../pages";
import { checkParameterName, findParameter, putParameter, readParameterType } from "../parameters";
import { jsonProtocol } from "../protocol";
import { type AwsService, type JsonOperation, jsonHandler, type SignedCall } from "../service";

/**
 * Systems Manager's parameters over an account.
 * Source of shapes and errors: the service's API reference, version 2014-11-06.
 */
export function ssmService(authorizer: Authorizer): AwsService {
  const { account } = authorizer;
  const protocol = jsonProtocol("AmazonSSM");

  function authorize(call: SignedCall, name: string): void {
    const parameter = findParameter(account, call.region, name);
    const tags = Object.entries(parameter?.tags ?? {}).flatMap(([tag, value]) => [
      [`aws:ResourceTag/${tag}`, value],
      [`ssm:resourceTag/${tag}`, value],
    ]);
    authorizer.require(call.caller, call.region, {
      action: `ssm:${call.operation}`,
      resource: name.startsWith("arn:")
        ? name
        : `arn:${account.partition}:ssm:${call.region}:${account.id}:parameter/${name.replace(/^\//, "")}`,
      context: Object.fromEntries(tags),
    });
  }

  /** A parameter as answers show it. `version` counts from 1. @default the newest */
  function show(
    call: SignedCall,
    parameter: Parameter,
    decrypt: boolean,
    version?: number,
    selector?: string,
  ) {
    const number = version ?? parameter.versions.length;
    const stored = parameter.versions[number - 1];
    if (!stored) {
      throw new AwsError(
        "ParameterVersionNotFound",
        `Systems Manager could not find version ${number} of ${parameter.name}. Verify the version and try again.`,
      );
    }
    const isEncrypted = parameter.type === ParameterType.SecureString;
    if (isEncrypted && decrypt && parameter.kmsKeyId !== undefined) {
      requireKey(authorizer, call, {
        action: "kms:Decrypt",
        keyArn: findKey(account, parameter.region, parameter.kmsKeyId).arn,
        via: "ssm",
        encryptionContext: { PARAMETER_ARN: parameter.arn },
        refusal:
          "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
      });
    }
    return {
      Name: parameter.name,
      Type: parameter.type,
      Value: isEncrypted && !decrypt ? ciphertextOf(parameter, number) : stored.value,
      Version: number,
      Selector: selector,
      LastModifiedDate: stored.modifiedAt.getTime() / 1000,
      ARN: parameter.arn,
      DataType: "text",
    };
  }

  const operations: Record<string, JsonOperation> = {
    GetParameter(input, call) {
      const { name, selector, version } = splitSelector(input.requiredText("Name", { min: 1, max: 2048 }));
      authorize(call, name);
      const parameter = findParameter(account, call.region, name);
      if (!parameter) throw new AwsError("ParameterNotFound", "");
      return { Parameter: show(call, parameter, input.flag("WithDecryption"), version, selector) };
    },

    GetParameters(input, call) {
      const names = input.texts("Names", { min: 1, max: 10 }) ?? [];
      for (const asked of names) authorize(call, splitSelector(asked).name);
      const found: object[] = [];
      const invalid: string[] = [];
      for (const asked of names) {
        const { name, selector, version } = splitSelector(asked);
        const parameter = findParameter(account, call.region, name);
        if (!parameter || (version ?? 1) > parameter.versions.length) invalid.push(asked);
        else found.push(show(call, parameter, input.flag("WithDecryption"), version, selector));
      }
      return { Parameters: found, InvalidParameters: invalid };
    },

    GetParametersByPath(input, call) {
      const path = input.requiredText("Path", { min: 1, max: 2048 });
      if (!/^\/[\w./-]*$/.test(path)) {
        throw new AwsError("ValidationException", "The parameter path must begin with a forward slash /.");
      }
      authorize(call, path);
      if (input.objects("ParameterFilters").length > 0) {
        throw new AwsError("ValidationException", "sandbox: ParameterFilters is not implemented");
      }
      const start = path.endsWith("/") ? path : `${path}/`;
      const recursive = input.flag("Recursive");
      const matching = [...account.parameters.values()]
        .filter(({ region, name }) => region === call.region && name.startsWith(start))
        .filter(({ name }) => recursive || !name.slice(start.length).includes("/"))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = pageOf(matching, input, { max: 10, standard: 10, code: "InvalidNextToken" });
      const decrypt = input.flag("WithDecryption");
      return {
        Parameters: page.items.map((parameter) => show(call, parameter, decrypt)),
        NextToken: page.nextToken,
      };
    },

    PutParameter(input, call) {
      const name = input.requiredText("Name", { min: 1, max: 2048 });
      checkParameterName(name);
      authorize(call, name);
      const kmsKeyId = input.text("KeyId", { min: 1, max: 256 });
      if (kmsKeyId !== undefined) findKey(account, call.region, kmsKeyId);
      const parameter = putParameter(account, {
        name,
        value: input.requiredText("Value"),
        type: readParameterType(input.text("Type")),
        region: call.region,
        description: input.text("Description", { max: 1024 }),
        kmsKeyId,
        overwrite: input.flag("Overwrite"),
      });
      return { Version: parameter.versions.length, Tier: "Standard" };
    },
  };

  return { signingName: "ssm", protocol, handle: jsonHandler(protocol, operations) };
}

/** `name:3` asks for a version. Labels are not implemented. */
function splitSelector(asked: string): { name: string; selector?: string; version?: number } {
  if (!/^[\w./:-]+$/.test(asked)) {
    throw new AwsError("ValidationException", "Invalid label or parameter name.");
  }
  const arn = /^(arn:[^:]*:[^:]*:[^:]*:[^:]*:)(.*)$/s.exec(asked);
  const [, start = "", rest = asked] = arn ?? [];
  const [name = "", selector] = rest.split(":");
  if (selector === undefined) return { name: asked };
  if (!/^\d{1,9}$/.test(selector)) {
    throw new AwsError("ValidationException", "sandbox: labels of parameters are not implemented");
  }
  return { name: start + name, selector: `:${selector}`, version: Number(selector) };
}

/** What stands for the ciphertext: of the usual length, and made of nothing that is secret. */
function ciphertextOf({ arn }: Parameter, version: number): string {
  return `AQICAH${createHash("sha512").update(`${arn}:${version}`).digest("base64")}`;
}
