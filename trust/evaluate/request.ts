import { TrustError } from "../errors";
import { withoutTokens } from "./context";
import type { Decision } from "./explanation";
import { ARN_FIELDS, arnFields } from "./patterns";
import type { Question } from "./statement";

/**
 * Checks a request and makes it ready to be put to policies.
 *
 * @throws TrustError `ERR_TRUST_REQUEST`
 */
export function newQuestion(request: Omit<Question, "shown">): Question {
  const { identity, action, resource } = request;
  if (!/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(action)) throw unfit("action", "expected service:Action");
  if (resource !== undefined && !isResource(resource)) {
    throw unfit("resource", "expected an ARN, or * where there is no resource");
  }
  const shown = {
    principal: [withoutTokens(identity.text)],
    action: [action],
    resource: resource === undefined ? [] : [withoutTokens(resource)],
  };
  return { ...request, shown };
}

function isResource(text: string): boolean {
  return text === "*" || (text.startsWith("arn:") && arnFields(text).length === ARN_FIELDS);
}

function unfit(what: string, message: string): TrustError {
  return new TrustError("ERR_TRUST_REQUEST", `request ${what}`, message);
}

/** The request as a decision repeats it. */
export function shownRequest({ shown }: Question): Decision["request"] {
  const [principal = "", action = "", resource] = [...shown.principal, ...shown.action, ...shown.resource];
  return resource === undefined ? { principal, action } : { principal, action, resource };
}
