import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { formatDiagnostic } from "../../esc/check";
import type { Diagnostic } from "../../esc/evaluator/types";
import type { Cloud, Invoke, ResourceRequest, ResourceType } from "../engine/cloud";
import { Asset, Secret, UNKNOWN } from "../engine/values";
import { EscServiceError } from "./errors";
import type { EscService } from "./esc-service";
import { checkEnvironmentId, checkTagName, type EnvironmentId, formatEnvironmentId } from "./names";
import { rotationScheduleResource } from "./rotation-schedules";
import { teamEnvironmentPermissionResource } from "./team-permission";

/**
 * What Pulumi's `pulumiservice` provider does, done to the ESC service on the laptop: the part of the engine's
 * `Cloud` that is Pulumi's. Behaviour read in the provider's source (resources/environment.go,
 * environment_version_tag.go).
 */
export function createPulumiServiceCloud(
  service: EscService,
): Required<Pick<Cloud, "resources" | "invokes">> {
  return {
    invokes: { "pulumiservice:index:getEnvironment": getEnvironment(service) },
    resources: {
      "pulumiservice:index:Environment": environmentResource(service),
      "pulumiservice:index:EnvironmentRotationSchedule": rotationScheduleResource(
        service.schedules,
        service.now,
      ),
      "pulumiservice:index:EnvironmentVersionTag": environmentVersionTagResource(service),
      "pulumiservice:index:OidcIssuer": service.issuers.resource(),
      "pulumiservice:index:TeamEnvironmentPermission": teamEnvironmentPermissionResource(service.grants),
    },
  };
}

/**
 * Checks, creates, then updates, as the provider does. So a definition with errors leaves nothing behind, and
 * one with warnings is refused after it has been written.
 */
function environmentResource(service: EscService): ResourceType {
  const accepted = ["organization", "project", "name", "yaml"];
  return {
    preview(request) {
      refuseOthers(request, accepted);
      const id = environmentId(request, "name");
      if (id !== undefined) {
        checkEnvironmentId(id);
      }
      return { project: text(request, "project", "default") };
    },
    async create(request) {
      refuseOthers(request, accepted);
      const id = known(environmentId(request, "name"), request);
      service.requireOrganization(id.organization);
      const yaml = (await readYaml(request)).trim();
      await explained(id, () => service.checkYaml(id.organization, yaml));
      service.store.create(id);
      return { id: formatEnvironmentId(id), outputs: await write(service, id, yaml) };
    },
    /** The provider sends no ETag: what somebody else has written meanwhile is overwritten. No tag moves. */
    async update(request) {
      refuseOthers(request, accepted);
      const id = known(environmentId(request, "name"), request);
      return write(service, id, (await readYaml(request)).trim());
    },
    delete: ({ id }) => missingAsUndefined(() => service.delete(parseEnvironmentId(id))),
    renews: ["revision"],
    read({ id: name }) {
      const id = parseEnvironmentId(name);
      const revision = missingAsUndefined(() => service.store.read(id));
      return revision && properties(id, revision.yaml.trim(), revision.number);
    },
  };
}

function environmentVersionTagResource(service: EscService): ResourceType {
  const accepted = ["organization", "project", "environment", "tagName", "revision"];
  return {
    preview(request) {
      refuseOthers(request, accepted);
      const tagName = text(request, "tagName");
      if (tagName !== undefined) {
        checkTagName(tagName);
      }
      return { project: text(request, "project", "default") };
    },
    create(request) {
      refuseOthers(request, accepted);
      const { id, tagName, revision } = tagOf(request);
      service.store.createTag(id, tagName, revision);
      return { id: `${formatEnvironmentId(id)}/${tagName}`, outputs: { project: id.project } };
    },
    update(request) {
      refuseOthers(request, accepted);
      const { id, tagName, revision } = tagOf(request);
      service.store.moveTag(id, tagName, revision);
      return { project: id.project };
    },
    delete({ id }) {
      const at = id.lastIndexOf("/");
      missingAsUndefined(() =>
        service.store.deleteTag(parseEnvironmentId(id.slice(0, at)), id.slice(at + 1)),
      );
    },
  };
}

/** `pulumiservice.getEnvironment`: the environment's UUID, nothing of its definition. Fails when there is none. */
function getEnvironment(service: EscService): Invoke {
  return ({ organizationName, projectName = "default", name }) => {
    const id = { organization: String(organizationName), project: String(projectName), name: String(name) };
    service.store.read(id);
    return { organizationName, projectName, name, environmentId: environmentUuid(id) };
  };
}

async function write(service: EscService, id: EnvironmentId, yaml: string): Promise<Record<string, unknown>> {
  const { revision, diagnostics } = await explained(id, () => service.update(id, yaml));
  if (diagnostics.length > 0) {
    throw refused(id, "was written, but has warnings, which Pulumi's provider refuses", diagnostics);
  }
  return properties(id, yaml, revision.number);
}

function tagOf(request: ResourceRequest): { id: EnvironmentId; tagName: string; revision: number } {
  const { revision } = request.inputs;
  if (typeof revision !== "number") {
    throw badInput(request, "revision", "a number");
  }
  return {
    id: known(environmentId(request, "environment"), request),
    tagName: known(text(request, "tagName"), request),
    revision,
  };
}

/** An id of Pulumi's: that of an environment in the project `default` may leave the project out. */
function parseEnvironmentId(text: string): EnvironmentId {
  const parts = text.split("/");
  const [organization = "", project = "", name = ""] =
    parts.length === 2 ? [parts[0], "default", parts[1]] : parts;
  return { organization, project, name };
}

function properties(id: EnvironmentId, yaml: string, revision: number): Record<string, unknown> {
  return { ...id, yaml: new Secret(yaml), revision, environmentId: environmentUuid(id) };
}

/** The same for the same name, so that a report of two runs is the same. */
function environmentUuid(id: EnvironmentId): string {
  const hex = createHash("sha256").update(formatEnvironmentId(id)).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The environment that the inputs name; undefined while a part of the name is unknown. */
function environmentId(request: ResourceRequest, nameInput: string): EnvironmentId | undefined {
  const organization = text(request, "organization");
  const project = text(request, "project", "default");
  const name = text(request, nameInput);
  return organization === undefined || project === undefined || name === undefined
    ? undefined
    : { organization, project, name };
}

function text(request: ResourceRequest, input: string, fallback?: string): string | undefined {
  const value = request.inputs[input] ?? fallback;
  if (value !== UNKNOWN && typeof value !== "string") {
    throw badInput(request, input, "a string");
  }
  return typeof value === "string" ? value : undefined;
}

function known<T>(value: T | undefined, { type, name }: ResourceRequest): T {
  if (value === undefined) {
    throw new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", `${type} ${name}: an input is still unknown`);
  }
  return value;
}

async function readYaml(request: ResourceRequest): Promise<string> {
  const { yaml } = request.inputs;
  if (typeof yaml === "string") {
    return yaml;
  }
  if (yaml instanceof Asset && "text" in yaml.asset) {
    return yaml.asset.text;
  }
  if (yaml instanceof Asset && "path" in yaml.asset) {
    return readFile(resolve(request.directory, yaml.asset.path), "utf8");
  }
  throw badInput(request, "yaml", "a StringAsset or a FileAsset");
}

function badInput({ type, name }: ResourceRequest, input: string, wanted: string): EscServiceError {
  return new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", `${type} ${name}: ${input} must be ${wanted}`);
}

/** What the sandbox would leave out in silence, it refuses by name. */
function refuseOthers({ type, name, inputs }: ResourceRequest, accepted: readonly string[]): void {
  const others = Object.keys(inputs).filter((input) => !accepted.includes(input));
  if (others.length > 0) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_REQUEST",
      `${type} ${name}: the sandbox does not know the input ${others.join(", ")}`,
    );
  }
}

function missingAsUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EscServiceError && error.code === "ERR_ESC_SERVICE_NOT_FOUND") {
      return undefined;
    }
    throw error;
  }
}

/** Puts the findings into the message: the engine shows nothing else. */
async function explained<T>(id: EnvironmentId, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof EscServiceError && error.diagnostics.length > 0) {
      throw refused(id, "does not check", error.diagnostics);
    }
    throw error;
  }
}

function refused(id: EnvironmentId, what: string, diagnostics: readonly Diagnostic[]): EscServiceError {
  const name = `${id.project}/${id.name}`;
  const findings = diagnostics.map((finding) => formatDiagnostic(name, finding).replace("<yaml>", name));
  return new EscServiceError(
    "ERR_ESC_SERVICE_BAD_DEFINITION",
    `environment ${formatEnvironmentId(id)} ${what}: ${findings.join("; ")}`,
    diagnostics,
  );
}
