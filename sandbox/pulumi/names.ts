import { EscServiceError } from "./errors";

/** Where an environment lives: `organization/project/name`. */
export interface EnvironmentId {
  readonly organization: string;
  readonly project: string;
  readonly name: string;
}

/** An environment at a revision number or tag; no version means the latest revision. */
export interface EnvironmentReference extends EnvironmentId {
  readonly version?: string;
}

/** The project that a name without one belongs to, and whose name ESC leaves out of `currentEnvironment.name`. */
const legacyProject = "default";

const organizationPattern = /^[a-zA-Z0-9][a-zA-Z0-9-_]{1,38}[a-zA-Z0-9]$/;
const namePattern = /^[a-zA-Z0-9-_.]{1,100}$/;
/** `open` and `yaml` are path segments of the REST API (Pulumi's OpenAPI description of ESC, `EnvName`). */
const reservedNames = new Set([".", "..", "open", "yaml"]);

/**
 * Checks the three parts of an environment's name against the patterns of Pulumi's OpenAPI description of ESC.
 * @throws {ERR_ESC_SERVICE_BAD_NAME}
 */
export function checkEnvironmentId(id: EnvironmentId): void {
  checkOrganization(id.organization);
  if (!namePattern.test(id.project) || id.project === "." || id.project === "..") {
    throw badName("project", id.project);
  }
  if (!namePattern.test(id.name) || reservedNames.has(id.name)) {
    throw badName("environment", id.name);
  }
}

/** @throws {ERR_ESC_SERVICE_BAD_NAME} */
export function checkOrganization(organization: string): void {
  if (!organizationPattern.test(organization)) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_NAME",
      `invalid organization name ${quote(organization)}: use 3 to 40 letters, digits, "-" and "_", with a letter or digit at both ends`,
    );
  }
}

/**
 * Checks the name of a revision tag. A name that begins with a digit would be read as a revision number, and
 * `latest` is ESC's own.
 * @throws {ERR_ESC_SERVICE_BAD_NAME}
 */
export function checkTagName(tag: string): void {
  if (!namePattern.test(tag) || /^[0-9.]/.test(tag) || tag === "latest") {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_NAME",
      `invalid revision tag ${quote(tag)}: use 1 to 100 letters, digits, "-", "_" and ".", beginning with a letter, "-" or "_"; "latest" is moved by the service itself`,
    );
  }
}

/** `organization/project/name`, the id that Pulumi gives to the resource. */
export function formatEnvironmentId(id: EnvironmentId): string {
  return `${id.organization}/${id.project}/${id.name}`;
}

/** The name an environment has in its own evaluation: `project/name`, without the legacy project `default`. */
export function evaluationName(id: EnvironmentId): string {
  return id.project === legacyProject ? id.name : `${id.project}/${id.name}`;
}

/**
 * Reads a name as an import spells it: `[project/]name[@version]`. Imports never leave the organization.
 * @throws {ERR_ESC_SERVICE_BAD_NAME}
 */
export function parseImport(organization: string, text: string): EnvironmentReference {
  const at = text.indexOf("@");
  const version = at < 0 ? undefined : text.slice(at + 1);
  const parts = (at < 0 ? text : text.slice(0, at)).split("/");
  if (parts.length > 2 || version === "") {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_NAME",
      `invalid import ${quote(text)}: write project/environment or project/environment@version, without an organization`,
    );
  }
  const [first = "", second] = parts;
  const id =
    second === undefined
      ? { organization, project: legacyProject, name: first }
      : { organization, project: first, name: second };
  checkEnvironmentId(id);
  return { ...id, version };
}

function badName(what: string, name: string): EscServiceError {
  return new EscServiceError(
    "ERR_ESC_SERVICE_BAD_NAME",
    `invalid ${what} name ${quote(name)}: use 1 to 100 letters, digits, "-", "_" and "."; ".", "..", "open" and "yaml" are reserved`,
  );
}

/** A name from outside, short enough for a message and with its control characters visible. */
function quote(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
}
