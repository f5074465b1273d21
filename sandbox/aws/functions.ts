import { type Account, makeArn, makeUrlId, type Tags } from "./account";
import { AwsError } from "./errors";
import { judgeServiceRole } from "./service-role";

/** What lies in a function's folder. */
export interface FunctionCode {
  /** Content by path in the folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Over names and contents, in base64. AWS's is that of the zip file, which is not made here. */
  readonly sha256: string;
  /** Of all files together. */
  readonly bytes: number;
}

/** How a function is run. It is replaced, never changed, so that who holds it sees that it is another. */
export interface FunctionConfiguration {
  readonly roleArn: string;
  /** `index.handler` */
  readonly handler: string;
  /** `nodejs24.x` */
  readonly runtime: string;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly logGroupName: string;
  readonly logFormat: "Text" | "JSON";
}

/** A Lambda function. There is one version of it, `$LATEST`. */
export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  description: string;
  modifiedAt: Date;
  code: FunctionCode;
  configuration: FunctionConfiguration;
  /** How many requests are served at once at most; 0 refuses all. Undefined: as many as come. */
  reservedConcurrency: number | undefined;
  /** Statements of the resource policy, by id. They are kept, and not evaluated: URLs here are public. */
  readonly permissions: Map<string, FunctionPermission>;
  url: FunctionUrl | undefined;
  tags: Tags;
}

/** As `AddPermission` takes it. */
export interface FunctionPermission {
  readonly action: string;
  readonly principal: string;
  readonly conditions: Readonly<Record<string, string>>;
}

export interface FunctionUrl {
  readonly id: string;
  /** `<id>.lambda-url.<region>.on.aws` */
  readonly host: string;
}

/** What `createFunction` makes. */
export interface NewFunction
  extends Pick<LambdaFunction, "name" | "region" | "code" | "configuration" | "reservedConcurrency"> {
  readonly description?: string;
  readonly tags?: Tags;
}

/**
 * Makes a function. Like AWS, it makes sure that Lambda gets the function's role before anything can call it.
 * @throws {ValidationException} {InvalidParameterValueException} {ResourceConflictException}
 */
export function createFunction(account: Account, fn: NewFunction): LambdaFunction {
  const { name, region, code, configuration, reservedConcurrency } = fn;
  checkFunction({ ...configuration, name });
  checkHandler(configuration.handler, code);
  const arn = makeArn(account, "lambda", region, `function:${name}`);
  if (account.functions.has(arn)) {
    throw new AwsError("ResourceConflictException", `Function already exist: ${name}`);
  }
  checkExecutionRole(account, configuration.roleArn);
  const created: LambdaFunction = {
    name,
    arn,
    region,
    description: fn.description ?? "",
    modifiedAt: new Date(account.now()),
    code,
    configuration,
    reservedConcurrency,
    permissions: new Map(),
    url: undefined,
    tags: fn.tags ?? {},
  };
  account.functions.set(arn, created);
  return created;
}

/** @throws {InvalidParameterValueException} Lambda does not get the role. */
export function checkExecutionRole(account: Account, roleArn: string): void {
  const { allowed, because } = judgeServiceRole(account, roleArn, "lambda.amazonaws.com");
  if (allowed) return;
  // Who provisions may know why; a caller of the function would not be told.
  throw new AwsError(
    "InvalidParameterValueException",
    `The role defined for the function cannot be assumed by Lambda. (${because})`,
  );
}

/** What may be deployed anew. */
export interface FunctionChange {
  readonly code?: FunctionCode;
  readonly configuration?: Partial<FunctionConfiguration>;
}

/**
 * Deploys other code or another configuration. What runs already is not touched; the next request gets the new.
 * @throws {ValidationException} {InvalidParameterValueException}
 */
export function updateFunction(account: Account, fn: LambdaFunction, change: FunctionChange): void {
  const configuration = { ...fn.configuration, ...change.configuration };
  const code = change.code ?? fn.code;
  checkFunction(configuration);
  checkHandler(configuration.handler, code);
  fn.code = code;
  fn.configuration = configuration;
  fn.modifiedAt = new Date(account.now());
}

/** Finds a function by name or ARN. */
export function findFunction(account: Account, region: string, name: string): LambdaFunction {
  const arn = name.startsWith("arn:") ? name : makeArn(account, "lambda", region, `function:${name}`);
  const fn = account.functions.get(arn);
  if (fn) return fn;
  throw new AwsError("ResourceNotFoundException", `Function not found: ${arn}`);
}

/**
 * Gives a function a public address. Pulumi's provider grants the public its two permissions along with it.
 * @throws {ResourceConflictException} it has one.
 */
export function createFunctionUrl(account: Account, fn: LambdaFunction): FunctionUrl {
  if (fn.url) {
    throw new AwsError(
      "ResourceConflictException",
      `Failed to create function url config for [functionArn = ${fn.arn}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    );
  }
  const id = makeUrlId(account);
  fn.url = { id, host: `${id}.lambda-url.${fn.region}.on.aws` };
  // They outlive an earlier address of the same function.
  fn.permissions.set("FunctionURLAllowPublicAccess", {
    action: "lambda:InvokeFunctionUrl",
    principal: "*",
    conditions: { "lambda:FunctionUrlAuthType": "NONE" },
  });
  fn.permissions.set("FunctionURLAllowInvokeAction", {
    action: "lambda:InvokeFunction",
    principal: "*",
    conditions: { "lambda:InvokedViaFunctionUrl": "true" },
  });
  return fn.url;
}

/** @throws {ResourceConflictException} there is a statement of that id. */
export function addPermission(fn: LambdaFunction, id: string, permission: FunctionPermission): void {
  if (fn.permissions.has(id)) {
    throw new AwsError(
      "ResourceConflictException",
      `The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  }
  fn.permissions.set(id, permission);
}

/** Source: Lambda developer guide, "Using Lambda environment variables", reserved variables. */
const reservedVariables =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_DEFAULT_REGION|AWS_REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_(FUNCTION_NAME|FUNCTION_MEMORY_SIZE|FUNCTION_VERSION|INITIALIZATION_TYPE|LOG_GROUP_NAME|LOG_STREAM_NAME|RUNTIME_API)|AWS_ACCESS_KEY(_ID)?|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;
const runtimes = ["nodejs20.x", "nodejs22.x", "nodejs24.x"];

/**
 * What Lambda says of a function before it looks at the account; what is not known yet is left out.
 * @throws {ValidationException} {InvalidParameterValueException} variables are named, their values are not.
 */
export function checkFunction(fn: Partial<FunctionConfiguration & { readonly name: string }>): void {
  const { name, runtime, memoryMegabytes, timeoutSeconds, variables = {} } = fn;
  if (name !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw invalid("functionName", name, "letters, digits, - and _, at most 64");
  }
  if (runtime !== undefined && !runtimes.includes(runtime)) {
    throw new AwsError(
      "InvalidParameterValueException",
      `sandbox: the runtime ${runtime} is not implemented`,
    );
  }
  checkRange("memorySize", memoryMegabytes, 128, 10_240);
  checkRange("timeout", timeoutSeconds, 1, 900);
  const names = Object.keys(variables);
  const reserved = names.filter((variable) => reservedVariables.test(variable));
  if (reserved.length > 0) {
    throw new AwsError(
      "InvalidParameterValueException",
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  }
  const malformed = names.find((variable) => !/^[A-Za-z]\w+$/.test(variable));
  if (malformed !== undefined) throw invalid("environment.variables", malformed, "[a-zA-Z]([a-zA-Z0-9_])+");
  if (Buffer.byteLength(JSON.stringify(variables)) > 4096) {
    throw new AwsError(
      "InvalidParameterValueException",
      "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.",
    );
  }
}

function checkRange(member: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw invalid(member, String(value), `a whole number from ${least} to ${most}`);
}

/**
 * AWS notices only when the function is called; it is the same mistake, told earlier.
 * @throws {InvalidParameterValueException}
 */
export function checkHandler(handler: string, { files }: FunctionCode): void {
  // Where Lambda looks for it, in its order.
  const module = handler.slice(0, handler.lastIndexOf("."));
  if ([".js", ".mjs", ".cjs"].some((extension) => files.has(module + extension))) return;
  throw new AwsError(
    "InvalidParameterValueException",
    `sandbox: the handler ${handler} is in no file of the archive (${[...files.keys()].sort().join(", ")})`,
  );
}

function invalid(member: string, value: string, expected: string): AwsError {
  return new AwsError(
    "ValidationException",
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${expected}`,
  );
}
