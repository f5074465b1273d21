import { TrustError } from "../errors";
import { withoutTokens } from "./context";
import type { Decision } from "./explanation";
import { ARN_FIELDS, arnFields } from "./patterns";
import type { Question } from "./statement";

/** @throws TrustError `ERR_TRUST_REQUEST` */
export function checkAction(action: string): void {
  if (!/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(action)) {
    throw new TrustError("ERR_TRUST_REQUEST", "request action", "expected service:Action");
  }
}

/** @throws TrustError `ERR_TRUST_REQUEST` */
export function checkResource(resource: string): void {
  if (resource !== "*" && (!resource.startsWith("arn:") || arnFields(resource).length < ARN_FIELDS)) {
    throw new TrustError(
      "ERR_TRUST_REQUEST",
      "request resource",
      "expected an ARN, or * where there is no resource",
    );
  }
}

export function shownRequest({ identity, action, resource }: Question): Decision["request"] {
  const request = { principal: withoutTokens(identity.text), action };
  return resource === undefined ? request : { ...request, resource: withoutTokens(resource) };
}
