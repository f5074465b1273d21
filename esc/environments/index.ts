/**
 * This project's own environments: `base` with constants, `dev` for a laptop, and the stages. Each is a
 * function of plain options, so the same definition can be rendered twice: with placeholders, to be checked
 * before anything exists, and with what a deployment learnt.
 *
 * @module
 */

export { type BaseOptions, base } from "./base";
export { type DevOptions, dev } from "./dev";
export { prod } from "./prod";
export {
  type AdapterAddresses,
  adapterAddresses,
  adapterEnvironmentName,
  isRotatedEnvironment,
  type RotatedOptions,
  rotated,
  rotatedEnvironmentName,
} from "./rotated";
export type { StackSource, StageOptions } from "./stage";
export { staging } from "./staging";

/** Stand for what is known after a deployment only: well-formed, so that a check looks at the rest. */
export const placeholders = {
  loginRoleArn: "arn:aws:iam::000000000000:role/not-known-yet",
  adapterUrl: "https://not-known-yet.invalid/",
} as const;
