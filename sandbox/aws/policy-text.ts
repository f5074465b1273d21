import { AwsError, type AwsErrorCode } from "./errors.js";

/** A policy document as far as every kind of policy shares it. */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly PolicyStatement[];
}

export type PolicyStatement = Readonly<Record<string, unknown>>;

/** What kind of policy it is: that decides which elements a statement must and must not have. */
export type PolicyKind = "identity" | "resource" | "trust";

const elements: Record<PolicyKind, readonly string[]> = {
  identity: ["Action|NotAction", "Resource|NotResource"],
  resource: ["Principal|NotPrincipal", "Action|NotAction", "Resource|NotResource"],
  trust: ["Principal|NotPrincipal", "Action|NotAction"],
};
const forbidden: Record<PolicyKind, readonly string[]> = {
  identity: ["Principal", "NotPrincipal"],
  resource: [],
  trust: ["Resource", "NotResource"],
};

/**
 * Reads the text of a policy as AWS does when it is stored: JSON, a known version, statements with the
 * elements that this kind of policy has. What the elements mean is decided when a request is evaluated.
 *
 * @throws {AwsError} with `code`, in IAM's words.
 */
export function parsePolicy(text: string, kind: PolicyKind, code: AwsErrorCode): PolicyDocument {
  const refuse = (message: string): never => {
    throw new AwsError(code, message);
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, so it is not passed on.
    return refuse("This policy contains invalid Json");
  }
  if (!isObject(parsed)) return refuse("Syntax errors in policy.");
  const version = parsed.Version;
  if (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17") {
    return refuse("The policy must contain a valid version string");
  }
  const statements = Array.isArray(parsed.Statement) ? parsed.Statement : [parsed.Statement];
  if (statements.length === 0 || !statements.every(isObject)) return refuse("Syntax errors in policy.");
  for (const statement of statements) {
    if (statement.Effect !== "Allow" && statement.Effect !== "Deny") {
      return refuse("Syntax errors in policy.");
    }
    for (const pair of elements[kind]) {
      const present = pair.split("|").filter((name) => statement[name] !== undefined);
      if (present.length !== 1) refuse(missing(pair, present.length));
    }
    for (const name of forbidden[kind]) {
      if (statement[name] !== undefined) refuse(`Has prohibited field ${name}`);
    }
  }
  return { ...parsed, Statement: statements };
}

function missing(pair: string, count: number): string {
  if (count === 2) return "Syntax errors in policy.";
  if (pair.startsWith("Action")) return "Policy statement must contain actions.";
  if (pair.startsWith("Resource")) return "Policy statement must contain resources.";
  return "Missing required field Principal";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
