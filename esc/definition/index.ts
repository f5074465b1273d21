/**
 * A typed builder for definitions of Pulumi ESC environments, and their rendering to YAML. It knows nothing of
 * the rest of this project.
 *
 * @module
 */

export { fn, type Inputs } from "./builtins";
export { context, type PulumiContext, placeholderContext } from "./context";
export { type EnvironmentArgs, EnvironmentDefinition, environment } from "./environment";
export { DefinitionError, type DefinitionErrorCode } from "./errors";
export type { Expression, Ref, Reference, Refs, Scalar, Value } from "./expression";
export { interpolate } from "./interpolate";
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
} from "./providers";
export { at, otherEnvironment } from "./reference";
