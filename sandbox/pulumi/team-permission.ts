import type { ResourceType } from "../engine/cloud";
import { EscServiceError } from "./errors";

const REQUIRED = ["organization", "project", "environment", "team", "permission"] as const;

/**
 * `pulumiservice:index:TeamEnvironmentPermission`: recorded and shown, for whoever asks what a program declares. The
 * service on the laptop has no teams, so nothing is enforced by it.
 */
export function teamEnvironmentPermissionResource(): ResourceType {
  return {
    preview: () => ({}),
    create({ inputs, type, name }) {
      const project = inputs.project ?? "default";
      const values: Record<string, unknown> = { ...inputs, project };
      const missing = REQUIRED.find((part) => typeof values[part] !== "string");
      if (missing !== undefined) {
        throw new EscServiceError(
          "ERR_ESC_SERVICE_BAD_REQUEST",
          `${type} ${name}: ${missing} must be a string`,
        );
      }
      const { organization, team, environment } = values;
      // The provider's own spelling.
      return { id: `${organization}/${team}/${project}+${environment}`, outputs: values };
    },
    delete: () => undefined,
  };
}
