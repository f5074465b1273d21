/**
 * Pulumi's ESC service, AWS and the issuers of tokens on this machine, for your own tests: environments as objects,
 * providers as functions, tokens for the claims you choose, and a clock that you turn. Nothing needs an account, and
 * nothing leaves the machine.
 *
 * @module
 */

export { secret } from "../../esc/evaluator/index";
export type { TurnableClock } from "./clock";
export type { OpenedEnvironment } from "./opened";
export {
  type DeployedStack,
  type DeployOptions,
  type EnvironmentSource,
  type ProviderFunction,
  type SandboxIssuer,
  type SandboxOptions,
  type ScheduledRotation,
  startSandbox,
  type TestSandbox,
} from "./sandbox";
export type { EscTokenOptions, GithubTokenOptions } from "./tokens";
