import type { ResourceRequest, ResourceType } from "../engine/cloud";
import { EscServiceError } from "./errors";
import type { EnvironmentId } from "./names";
import { type EnvironmentPermission, type Grants, isEnvironmentPermission } from "./permissions";

const ACCEPTED = ["organization", "project", "environment", "team", "permission"];

/**
 * `pulumiservice:index:TeamEnvironmentPermission`: what a team's tokens may do with one environment. `maxOpenDuration`
 * is not known here. The team itself is not looked for: the service on the laptop has no members.
 */
export function teamEnvironmentPermissionResource(grants: Grants): ResourceType {
  return {
    preview: (request) => ({ project: request.inputs.project ?? "default" }),
    create(request) {
      const { id, team, permission } = read(request);
      grants.set(id, `team:${team}`, permission);
      // The provider's own spelling.
      return {
        id: `${id.organization}/${team}/${id.project}+${id.name}`,
        outputs: { ...request.inputs, project: id.project },
      };
    },
    delete: (request) => {
      const { id, team } = read(request);
      grants.set(id, `team:${team}`, "none");
    },
  };
}

type Request = Pick<ResourceRequest, "inputs" | "type" | "name">;

function read(request: Request): {
  readonly id: EnvironmentId;
  readonly team: string;
  readonly permission: EnvironmentPermission;
} {
  const other = Object.keys(request.inputs).find((input) => !ACCEPTED.includes(input));
  if (other !== undefined) throw refuse(request, `the sandbox does not know the input ${other}`);
  const id = {
    organization: text(request, "organization"),
    project: text(request, "project", "default"),
    name: text(request, "environment"),
  };
  const { permission } = request.inputs;
  if (!isEnvironmentPermission(permission))
    throw refuse(request, "permission must be none, read, open, write or admin");
  return { id, team: text(request, "team"), permission };
}

function text(request: Request, input: string, fallback?: string): string {
  const value = request.inputs[input] ?? fallback;
  if (typeof value !== "string") throw refuse(request, `${input} must be a string`);
  return value;
}

function refuse({ type, name }: Request, what: string): EscServiceError {
  return new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", `${type} ${name}: ${what}`);
}
