/**
 * The components, for other Pulumi projects.
 *
 * @module
 */

export {
  type EscEnvironmentArgs,
  EscEnvironments,
  type EscEnvironmentsArgs,
  renderTwice,
} from "./esc-environments";
export { SecretEntries, type SecretEntriesArgs, type SecretEntryArgs } from "./secret-entries";
