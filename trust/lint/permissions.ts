import { TrustError } from "../errors";
import { evaluateAccess } from "../evaluate/access";
import type { PolicyDocument } from "../policies/document";
import type { TrustRole } from "./input";
import { fields, listOf, texts } from "./statements";

/** Verbs of actions that change nothing. */
const READING =
  /^(?:\*$)?(?:Get|List|Describe|BatchGet|Head|Lookup|Search|Query|Scan|Select|View|Check|Validate|Simulate|Preview|Assume)/;
const READING_POLICIES = /\/(?:ReadOnlyAccess|ViewOnlyAccess|SecurityAudit)$|ReadOnly(?:Access)?$/;

interface Allowed {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** `NotAction`: everything but some. */
  readonly allBut: boolean;
}

function allowedBy(role: TrustRole): Allowed[] {
  return role.policies.flatMap(({ document }) =>
    listOf(fields(document).Statement).flatMap((raw) => {
      const statement = fields(raw);
      if (statement.Effect !== "Allow") return [];
      return {
        actions: texts(statement.Action),
        resources: texts(statement.Resource),
        allBut: statement.NotAction !== undefined,
      };
    }),
  );
}

/** Whether any permission of the role changes something. */
export function canWrite(role: TrustRole): boolean {
  return (
    role.managedPolicyArns.some((arn) => !READING_POLICIES.test(arn)) ||
    allowedBy(role).some(
      ({ actions, allBut }) => allBut || actions.some((action) => !READING.test(action.split(":")[1] ?? "*")),
    )
  );
}

export function isAdministrator(role: TrustRole): boolean {
  return (
    role.managedPolicyArns.some((arn) => arn.endsWith("/AdministratorAccess")) ||
    allowedBy(role).some(
      ({ actions, resources, allBut }) =>
        !allBut && actions.some((action) => /^\*(?::\*)?$/.test(action)) && resources.includes("*"),
    )
  );
}

/** Whether one statement lets the role both call functions and replace their code. */
export function changesWhatItCalls(role: TrustRole): boolean {
  const grants = (action: string) =>
    allowedBy(role).flatMap(({ actions, resources }) => (covers(actions, action) ? resources : []));
  const invoked = grants("lambda:InvokeFunction");
  return grants("lambda:UpdateFunctionCode").some((changed) =>
    invoked.some((called) => overlap(called, changed)),
  );
}

function covers(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => globToRegExp(pattern).test(action));
}

function overlap(one: string, other: string): boolean {
  const bare = (arn: string) => arn.replace(/:\*$/, "");
  return (
    one === "*" ||
    other === "*" ||
    globToRegExp(bare(one)).test(bare(other)) ||
    globToRegExp(bare(other)).test(bare(one))
  );
}

function globToRegExp(pattern: string): RegExp {
  const body = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${body}$`, "i");
}

/**
 * The statement by which a role may do something to a resource, or why it may not; undefined when its policies
 * cannot be judged.
 */
export function mayDo(role: TrustRole, action: string, resource: string) {
  const roleArn = role.arn ?? "";
  const [, partition, , , account] = roleArn.split(":");
  const name = roleArn.split("/").at(-1);
  try {
    return evaluateAccess({
      request: {
        principal: {
          kind: "session",
          arn: `arn:${partition}:sts::${account}:assumed-role/${name}/lint`,
          roleArn,
        },
        action,
        resource,
      },
      identityPolicies: role.policies.map(({ document }) => document as PolicyDocument),
      ...(role.boundary && { permissionsBoundary: role.boundary.document as PolicyDocument }),
    });
  } catch (error) {
    if (error instanceof TrustError) return undefined;
    throw error;
  }
}
