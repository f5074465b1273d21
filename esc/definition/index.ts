/**
 * A typed builder for definitions of Pulumi ESC environments, and their rendering to YAML. It knows nothing of
 * the rest of this project.
 *
 * @module
 */

export { fn, type Inputs } from "./builtins.js";
export { type EnvironmentArgs, EnvironmentDefinition, environment } from "./environment.js";
export { DefinitionError, type DefinitionErrorCode } from "./errors.js";
export {
  at,
  context,
  type Expression,
  interpolate,
  otherEnvironment,
  type Ref,
  type Reference,
  type Refs,
  type Scalar,
  type Value,
} from "./expression.js";
export {
  type AwsLoginArgs,
  type AwsSecretSource,
  type AwsSecretsArgs,
  type AwsSession,
  awsLogin,
  awsSecrets,
  type ExternalArgs,
  external,
  pulumiStacks,
  type RotateExternalArgs,
  rotateExternal,
  type Stack,
  type SubjectAttribute,
  stack,
} from "./providers.js";
