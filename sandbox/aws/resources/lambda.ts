import type { ResourceType } from "../../engine/cloud";
import type { Archive } from "../../engine/values";
import { type Account, makeUuid } from "../account";
import { Authorizer } from "../authorize";
import { AwsError } from "../errors";
import { readFunctionCode } from "../function-code";
import {
  addPermission,
  checkExecutionRole,
  checkFunction,
  checkHandler,
  createFunction,
  createFunctionUrl,
  type FunctionConfiguration,
  findFunction,
  type LambdaFunction,
  updateFunction,
} from "../functions";
import { assumeServiceRole } from "../service-role";
import { defineResource, type Inputs, nameOf, regionOf, requireValue, textOf } from "./define";

/** `aws.lambda.Function`, of Node's runtimes and from an archive. Its id is its name. */
export function functionResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "name",
      "description",
      "role",
      "code",
      "handler",
      "runtime",
      "architectures",
      "memorySize",
      "timeout",
      "reservedConcurrentExecutions",
      "environment",
      "loggingConfig",
      "vpcConfig",
      "region",
      "tags",
    ],
    check(inputs, request) {
      inputs.require("role", "code", "handler", "runtime");
      const name = nameOf(account, inputs, request.name);
      const configuration = readConfiguration(inputs, name);
      checkFunction({ ...configuration, name });
      checkArchitecture(inputs);
      const archive = inputs.archive("code");
      const code = archive && readFunctionCode(archive, request.directory);
      const { handler, memoryMegabytes: memorySize, timeoutSeconds: timeout } = configuration;
      if (code && handler !== undefined) checkHandler(handler, code);
      return {
        name,
        memorySize,
        timeout,
        region: regionOf(account, request, inputs),
        tagsAll: inputs.tags(),
      };
    },
    create(inputs, known, request) {
      const region = known.region as string;
      const name = known.name as string;
      const configuration = readConfiguration(inputs, name) as FunctionConfiguration;
      if (inputs.structure("vpcConfig", vpcProperties)) requireNetworkAccess(account, region, configuration);
      const fn = createFunction(account, {
        name,
        region,
        configuration,
        code: readFunctionCode(inputs.archive("code") as Archive, request.directory),
        reservedConcurrency: readReservedConcurrency(inputs),
        description: inputs.text("description"),
        tags: inputs.tags(),
      });
      return { id: name, outputs: outputsOf(account, fn) };
    },
    update(inputs, known, request) {
      const region = known.region as string;
      const fn = findFunction(account, region, request.old.id);
      const configuration = readConfiguration(inputs, fn.name) as FunctionConfiguration;
      checkExecutionRole(account, configuration.roleArn);
      if (inputs.structure("vpcConfig", vpcProperties)) requireNetworkAccess(account, region, configuration);
      const code = readFunctionCode(inputs.archive("code") as Archive, request.directory);
      updateFunction(account, fn, { configuration, code });
      fn.reservedConcurrency = readReservedConcurrency(inputs);
      fn.description = inputs.text("description") ?? "";
      fn.tags = inputs.tags();
      return outputsOf(account, fn);
    },
    remove: (old) => void account.functions.delete(textOf(old, "arn")),
    renews: ["lastModified", "codeSha256", "sourceCodeSize"],
  });
}

const vpcProperties = ["subnetIds", "securityGroupIds", "ipv6AllowedForDualStack"];

/** With Lambda's defaults; what is not known yet is missing. */
function readConfiguration(inputs: Inputs, name: string | undefined): Partial<FunctionConfiguration> {
  const logging = inputs.structure("loggingConfig", ["logFormat", "logGroup"]);
  return {
    roleArn: inputs.text("role"),
    handler: inputs.text("handler"),
    runtime: inputs.text("runtime"),
    memoryMegabytes: inputs.number("memorySize") ?? 128,
    timeoutSeconds: inputs.number("timeout") ?? 3,
    variables: inputs.structure("environment", ["variables"])?.textMap("variables") ?? {},
    logGroupName: logging?.text("logGroup") ?? `/aws/lambda/${name}`,
    logFormat: logging?.text("logFormat") === "JSON" ? "JSON" : "Text",
  };
}

/** A name is all it is here: functions run on whatever this machine has. */
function checkArchitecture(inputs: Inputs): void {
  const other = inputs.texts("architectures")?.find((name) => name !== "x86_64" && name !== "arm64");
  if (other === undefined) return;
  throw new AwsError(
    "ValidationException",
    `1 validation error detected: Value '[${other}]' at 'architectures' failed to satisfy constraint: Member must satisfy enum value set: [x86_64, arm64]`,
  );
}

/** Pulumi's -1 is "not reserved". */
function readReservedConcurrency(inputs: Inputs): number | undefined {
  const reserved = inputs.number("reservedConcurrentExecutions") ?? -1;
  return reserved < 0 ? undefined : reserved;
}

const networkOperations = ["CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface"];

/** Lambda puts a function into a network with the function's own role, and asks whether it may beforehand. */
function requireNetworkAccess(account: Account, region: string, { roleArn }: FunctionConfiguration): void {
  checkExecutionRole(account, roleArn);
  const session = assumeServiceRole(account, {
    roleArn,
    service: "lambda.amazonaws.com",
    sessionName: "awslambda_network",
    durationSeconds: 900,
  });
  const authorizer = new Authorizer({ account });
  let asked = "";
  try {
    for (asked of networkOperations) {
      authorizer.require(session, region, { action: `ec2:${asked}`, resource: "*" });
    }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError(
      "InvalidParameterValueException",
      `The provided execution role does not have permissions to call ${asked} on EC2 (${error.message})`,
      { cause: error },
    );
  } finally {
    account.sessions.delete(session.accessKeyId);
  }
}

function outputsOf(account: Account, fn: LambdaFunction): Record<string, unknown> {
  const invokePath = (arn: string, operation: string) =>
    `arn:${account.partition}:apigateway:${fn.region}:lambda:path/2015-03-31/functions/${arn}/${operation}`;
  const qualifiedArn = `${fn.arn}:$LATEST`;
  return {
    arn: fn.arn,
    invokeArn: invokePath(fn.arn, "invocations"),
    responseStreamingInvokeArn: invokePath(fn.arn, "response-streaming-invocations"),
    qualifiedArn,
    qualifiedInvokeArn: invokePath(qualifiedArn, "invocations"),
    version: "$LATEST",
    lastModified: fn.modifiedAt.toISOString().replace("Z", "+0000"),
    codeSha256: fn.code.sha256,
    sourceCodeSize: fn.code.bytes,
  };
}

/** Told of every function URL, so that requests for it find their way. */
export type FunctionUrlListener = (fn: LambdaFunction) => void;

/** `aws.lambda.FunctionUrl`, public and not streaming. Its id is the function's name. */
export function functionUrlResource(account: Account, onCreated?: FunctionUrlListener): ResourceType {
  return defineResource({
    accepts: ["functionName", "authorizationType", "invokeMode", "region"],
    check(inputs, request) {
      inputs.require("functionName", "authorizationType");
      requireValue(inputs, request, "authorizationType", "NONE");
      requireValue(inputs, request, "invokeMode", "BUFFERED");
      return { invokeMode: "BUFFERED", region: regionOf(account, request, inputs) };
    },
    create(inputs, known) {
      const fn = functionOf(account, inputs, "functionName", known);
      const { id, host } = createFunctionUrl(account, fn);
      onCreated?.(fn);
      return { id: fn.name, outputs: { functionUrl: `https://${host}/`, urlId: id, functionArn: fn.arn } };
    },
    // Only one authorization type and one invoke mode are implemented, so there is nothing else to change to.
    update: () => ({}),
    // The statements that came with it stay: the provider does not remove them.
    remove(old) {
      findFunction(account, "", textOf(old, "functionArn")).url = undefined;
    },
  });
}

function functionOf(
  account: Account,
  inputs: Inputs,
  property: string,
  known: Record<string, unknown>,
): LambdaFunction {
  return findFunction(account, known.region as string, inputs.text(property) as string);
}

const permissionConditions = {
  sourceArn: "AWS:SourceArn",
  sourceAccount: "AWS:SourceAccount",
  principalOrgId: "aws:PrincipalOrgID",
  functionUrlAuthType: "lambda:FunctionUrlAuthType",
} as const;

/** `aws.lambda.Permission`: a statement of the function's policy. Its id is the statement's. */
export function permissionResource(account: Account): ResourceType {
  return defineResource({
    accepts: [
      "action",
      "function",
      "principal",
      "statementId",
      "statementIdPrefix",
      "invokedViaFunctionUrl",
      "region",
      ...Object.keys(permissionConditions),
    ],
    check(inputs, request) {
      inputs.require("action", "function", "principal");
      return { statementId: statementIdOf(account, inputs), region: regionOf(account, request, inputs) };
    },
    create(inputs, known) {
      const fn = functionOf(account, inputs, "function", known);
      const conditions = Object.entries(permissionConditions).flatMap(([name, key]) => {
        const value = inputs.text(name);
        return value === undefined ? [] : [[key, value]];
      });
      if (inputs.flag("invokedViaFunctionUrl")) conditions.push(["lambda:InvokedViaFunctionUrl", "true"]);
      const id = known.statementId as string;
      addPermission(fn, id, {
        action: inputs.text("action") as string,
        principal: inputs.text("principal") as string,
        conditions: Object.fromEntries(conditions),
      });
      return { id };
    },
    remove(old) {
      findFunction(account, textOf(old, "region"), textOf(old, "function")).permissions.delete(old.id);
    },
  });
}

function statementIdOf(account: Account, inputs: Inputs): string | undefined {
  if (inputs.isUnknown("statementId") || inputs.isUnknown("statementIdPrefix")) return undefined;
  const given = inputs.text("statementId");
  const suffix = makeUuid(account).replaceAll("-", "").slice(0, 26);
  return given ?? `${inputs.text("statementIdPrefix") ?? "terraform-"}${suffix}`;
}
