/**
 * Definitions of Pulumi ESC environments: a typed builder, the check that Pulumi's own evaluator makes, and the inventory
 * that says what each environment holds.
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
export {
  type AdapterAddresses,
  adapterAddresses,
  adapterEnvironmentName,
  type RotatedOptions,
  rotated,
  rotatedEnvironmentName,
} from "./environments/rotated";
export { EvaluatorError, type EvaluatorErrorCode } from "./evaluator/errors";
export type { Diagnostic, Position } from "./evaluator/types";
export { type Blocks, type FillBlocks, type Filling, fillBlocks } from "./inventory/blocks";
export { defineInventory } from "./inventory/define";
export { InventoryError } from "./inventory/errors";
export { checkForm, type Form, type FormProblem, type NamedForm } from "./inventory/forms";
export type {
  GeneratedFiles,
  Inventory,
  InventoryItem,
  InventoryValue,
  SecretItem,
  SettingItem,
} from "./inventory/item";
export { askAdapter, decodeEntries, type ReadEntries, readEntries, valueIn } from "./inventory/secrets";
export { type ReadValue, selectItems } from "./inventory/select";
