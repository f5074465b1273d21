/**
 * A typed builder for definitions of Pulumi ESC environments, and their rendering to YAML. It knows nothing of
 * the rest of this project.
 *
 * @module
 */

export { fn, type Inputs } from "./builtins.js";
export { context, type PulumiContext, placeholderContext } from "./context.js";
export { type EnvironmentArgs, EnvironmentDefinition, environment } from "./environment.js";
export { DefinitionError, type DefinitionErrorCode } from "./errors.js";
export type { Expression, Ref, Reference, Refs, Scalar, Value } from "./expression.js";
export { interpolate } from "./interpolate.js";
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
export { at, otherEnvironment } from "./reference.js";
