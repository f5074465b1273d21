import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { PolicyDocument } from "../trust/index";
import type { ArgumentIssue } from "./args";

/** What every component that creates an IAM role takes. */
export interface RoleArgs {
  /** ARN of a policy that limits what the role can ever do, whatever else is attached to it. */
  permissionsBoundary?: pulumi.Input<string>;
  /** IAM path of the role, starting and ending with `/`. @default "/" */
  rolePath?: string;
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

interface RoleDefinition {
  /** The role's name in IAM. */
  readonly roleName: string;
  readonly description: string;
  readonly trust: pulumi.Input<PolicyDocument>;
  readonly permissions: pulumi.Input<PolicyDocument>;
  /** @default 3600 */
  readonly maxSessionSeconds?: number;
}

/** A role and its one inline policy. What uses the role at once should wait for the policy too. */
export function createRole(
  name: string,
  definition: RoleDefinition,
  args: RoleArgs,
  parent: pulumi.Resource,
): { readonly role: aws.iam.Role; readonly policy: aws.iam.RolePolicy } {
  const role = new aws.iam.Role(
    name,
    {
      name: definition.roleName,
      path: args.rolePath ?? "/",
      description: definition.description,
      assumeRolePolicy: pulumi.jsonStringify(definition.trust),
      maxSessionDuration: definition.maxSessionSeconds ?? 3600,
      permissionsBoundary: args.permissionsBoundary,
      tags: args.tags,
    },
    { parent },
  );
  const policy = new aws.iam.RolePolicy(
    `${name}-permissions`,
    { role: role.name, name: "permissions", policy: pulumi.jsonStringify(definition.permissions) },
    { parent },
  );
  return { role, policy };
}

export function checkRoleArgs({ rolePath }: RoleArgs): ArgumentIssue[] {
  if (rolePath === undefined || /^\/([\w+=,.@-]+\/)*$/.test(rolePath)) return [];
  return [{ path: "rolePath", reason: `"${rolePath}" must start and end with "/"` }];
}
