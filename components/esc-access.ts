import type * as pulumi from "@pulumi/pulumi";
import * as pulumiservice from "@pulumi/pulumiservice";
import type { ArgumentIssue } from "./args";

/** What a team may do with an environment: `read` its definition, `open`, `write` or `admin`ister it. */
export const EscPermission = {
  Read: "read",
  Open: "open",
  Write: "write",
  Admin: "admin",
} as const;
export type EscPermission = (typeof EscPermission)[keyof typeof EscPermission];

/** One team's permission on an environment. */
export interface EscAccessArgs {
  /** The team's name in the Pulumi organization. */
  team: string;
  /** What its members and its tokens may do; each includes those before it. */
  permission: EscPermission;
}

/** Declares what teams may do with an environment, after it is there: `environment` is its resource's name. */
export function grantAccess(
  name: string,
  access: readonly EscAccessArgs[],
  environment: {
    readonly organization: string;
    readonly project: string;
    readonly environment: pulumi.Output<string>;
  },
  parent: pulumi.Resource,
): void {
  for (const { team, permission } of access) {
    new pulumiservice.TeamEnvironmentPermission(
      `${name}-${team}`,
      { ...environment, team, permission },
      { parent },
    );
  }
}

export function checkAccess(access: readonly EscAccessArgs[]): ArgumentIssue[] {
  const issues: ArgumentIssue[] = [];
  const levels = Object.values(EscPermission);
  access.forEach(({ team, permission }, index) => {
    const path = `access[${index}]`;
    if (!/^[A-Za-z0-9_.-]{1,100}$/.test(team)) {
      issues.push({
        path: `${path}.team`,
        reason: `"${team}" must be 1 to 100 of letters, digits and _ . -`,
      });
    }
    if (!levels.includes(permission)) {
      const reason = `"${permission}" must be one of ${levels.join(", ")}`;
      issues.push({ path: `${path}.permission`, reason });
    }
    if (access.findIndex((other) => other.team === team) !== index) {
      issues.push({ path: `${path}.team`, reason: `"${team}" is listed twice` });
    }
  });
  return issues;
}
