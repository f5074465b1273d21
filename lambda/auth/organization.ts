import { AdapterError } from "../errors";

/**
 * Every Pulumi organization can point an environment at this address and gets a correctly signed token with
 * the right audience for it. This check is what keeps the others out.
 *
 * @throws {AdapterError} organization_denied
 */
export function checkOrganization(claimed: unknown, configured: string): void {
  if (claimed !== configured) {
    throw new AdapterError("organization_denied", "the token is of another organization");
  }
}
