import { type Account, makeArn, type Parameter, ParameterType, type Tags } from "./account";
import { AwsError } from "./errors";

/** A value for a parameter, new or known. */
export interface ParameterWrite {
  readonly name: string;
  readonly value: string;
  /** Needed for a new parameter. */
  readonly type?: ParameterType;
  /** @default the account's region */
  readonly region?: string;
  readonly description?: string;
  readonly kmsKeyId?: string;
  readonly tags?: Tags;
  /** @default false */
  readonly overwrite?: boolean;
}

/**
 * Writes a parameter's next version.
 * @throws {ParameterAlreadyExists} without `overwrite`. {ValidationException} name, type or size.
 */
export function putParameter(account: Account, write: ParameterWrite): Parameter {
  const { name, value, region = account.region } = write;
  checkParameterName(name);
  checkParameterSize(value);
  const existing = findParameter(account, region, name);
  if (existing && !write.overwrite) {
    throw new AwsError(
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
  }
  const type = write.type ?? existing?.type;
  if (type === undefined) {
    throw new AwsError("ValidationException", "A parameter type is required when you create a parameter.");
  }
  const arn = makeArn(account, "ssm", region, `parameter/${name.replace(/^\//, "")}`);
  const parameter: Parameter = existing ?? {
    name,
    arn,
    region,
    type,
    description: undefined,
    kmsKeyId: undefined,
    tags: {},
    versions: [],
  };
  parameter.type = type;
  parameter.description = write.description ?? parameter.description;
  parameter.kmsKeyId = write.kmsKeyId ?? parameter.kmsKeyId;
  parameter.tags = write.tags ?? parameter.tags;
  parameter.versions.push({ value, modifiedAt: new Date(account.now()) });
  account.parameters.set(arn, parameter);
  return parameter;
}

/** Finds a parameter by name or ARN. */
export function findParameter(account: Account, region: string, name: string): Parameter | undefined {
  if (name.startsWith("arn:")) return account.parameters.get(name);
  return [...account.parameters.values()].find(
    (parameter) => parameter.region === region && parameter.name === name,
  );
}

/** @throws {ValidationException} in Systems Manager's words. */
export function checkParameterName(name: string): void {
  const reserved = /^\/?(aws|ssm)/i.test(name);
  if (!reserved && /^[A-Za-z0-9_.-]{1,1011}$/.test(name)) return;
  if (!reserved && name.length <= 1011 && /^(\/[A-Za-z0-9_.-]+){1,15}$/.test(name)) return;
  throw new AwsError(
    "ValidationException",
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
  );
}

function checkParameterSize(value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes >= 1 && bytes <= 4096) return;
  throw new AwsError(
    "ValidationException",
    `Standard tier parameters support a maximum parameter value of 4096 characters; the value has ${bytes} bytes.`,
  );
}

/** @throws {ValidationException} */
export function readParameterType(type: string | undefined): ParameterType | undefined {
  if (type === undefined) return undefined;
  const known = Object.values(ParameterType).find((candidate) => candidate === type);
  if (known) return known;
  throw new AwsError("ValidationException", `The parameter type ${type} is not supported.`);
}
