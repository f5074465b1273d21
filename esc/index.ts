/**
 * Definitions of Pulumi ESC environments: a typed builder, and the check that Pulumi's own evaluator makes.
 *
 * @module
 */

export { type CheckDefinitionOptions, checkDefinition, formatDiagnostic } from "./check";
export {
  type AwsLoginArgs,
  type AwsSecretSource,
  type AwsSecretsArgs,
  type AwsSession,
  at,
  awsLogin,
  awsSecrets,
  context,
  DefinitionError,
  type DefinitionErrorCode,
  type EnvironmentArgs,
  EnvironmentDefinition,
  type Expression,
  type ExternalArgs,
  environment,
  external,
  fn,
  type Inputs,
  interpolate,
  otherEnvironment,
  type PulumiContext,
  pulumiStacks,
  type Ref,
  type Reference,
  type Refs,
  type RotateExternalArgs,
  rotateExternal,
  type Scalar,
  type Stack,
  type SubjectAttribute,
  stack,
  type Value,
} from "./definition/index";
export { EvaluatorError, type EvaluatorErrorCode } from "./evaluator/errors";
export type { Diagnostic, Position } from "./evaluator/types";
