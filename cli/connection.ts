import { CommandFailure, EXIT } from "./exit";

/** The ESC service, and whom it is asked as. */
export interface Connection {
  /** @default "https://api.pulumi.com" */
  readonly url: string;
  /** Never to be printed. */
  readonly accessToken: string;
}

/**
 * Where the environment of this process says that ESC is: `PULUMI_BACKEND_URL` and `PULUMI_ACCESS_TOKEN`.
 *
 * @throws CommandFailure cannotRun: there is no token
 */
export function readConnection(): Connection {
  const accessToken = process.env.PULUMI_ACCESS_TOKEN;
  if (!accessToken)
    throw new CommandFailure(EXIT.cannotRun, "PULUMI_ACCESS_TOKEN is not set: run pulumi login, or set it");
  return { url: process.env.PULUMI_BACKEND_URL || "https://api.pulumi.com", accessToken };
}
