import * as z from "zod";
import type { EscService, Opened } from "./esc-service";
import { type HttpRequest, type HttpResponse, jsonResponse } from "./http-message";
import { type EnvironmentReference, formatEnvironmentId } from "./names";
import { continuationToken, continuesAfter, entityTag, integer, pageOf, parseBody } from "./request-parts";
import { retractRevision } from "./retract";

const environmentBody = z.object({ project: z.string(), name: z.string() });
const cloneBody = z.object({
  project: z.string().optional(),
  name: z.string(),
  version: z.int().nonnegative().optional(),
  preserveHistory: z.boolean().optional(),
  /** Nothing to preserve: nobody is given access to one environment here. */
  preserveAccess: z.boolean().optional(),
  preserveEnvironmentTags: z.boolean().optional(),
  preserveRevisionTags: z.boolean().optional(),
});
const newTagBody = z.object({ name: z.string(), revision: z.int().positive().optional() });
const retractionBody = z.object({
  replacement: z.int().positive().optional(),
  reason: z.string().optional(),
});
const movedTagBody = z.object({ revision: z.int().positive().optional() });

/** The Go client writes the name large, as its server reads either. */
const rotationBody = z.object({
  Paths: z.array(z.string()).nullish(),
  paths: z.array(z.string()).nullish(),
});

/**
 * What each route of the REST API answers, in the shapes of Pulumi's OpenAPI description of ESC and of the Go client
 * (`cmd/esc/cli/client/apitype.go`). All of them throw `EscServiceError` for what they refuse.
 */
export class Answers {
  private readonly service: EscService;

  constructor(service: EscService) {
    this.service = service;
  }

  /** A page of the environments of organizations, in the order of their full names. */
  list(organizations: readonly string[], { query }: HttpRequest): HttpResponse {
    const all = organizations
      .flatMap((organization) => this.service.store.list(organization))
      .filter(({ id }) => this.service.permissionOn(id) !== "none");
    const page = pageOf(sortedBy(all, nameOf), {
      after: continuesAfter(query),
      count: this.service.pageSize,
      key: nameOf,
    });
    const environments = page.items.map(({ id, created, modified }) => ({ ...id, created, modified }));
    return jsonResponse(200, { environments, nextToken: continuationToken(page.last) });
  }

  create(organization: string, { body }: HttpRequest): HttpResponse {
    this.service.create({ organization, ...parseBody(environmentBody, body) });
    return success;
  }

  async clone(source: EnvironmentReference, { body }: HttpRequest): Promise<HttpResponse> {
    const { project, name, version, ...options } = parseBody(cloneBody, body);
    const { organization } = source;
    // The Go client leaves out a project that is the source's, and writes no version as none or as 0.
    const target = { organization, project: project || source.project, name };
    await this.service.clone(source, target, { ...options, version: version || undefined });
    return noContent;
  }

  delete(id: EnvironmentReference): HttpResponse {
    this.service.delete(id);
    return success;
  }

  definition(wanted: EnvironmentReference): HttpResponse {
    const { yaml, etag, number } = this.service.store.read(wanted);
    return {
      status: 200,
      headers: { "content-type": "application/x-yaml", ...revisionHeaders(etag, number) },
      body: yaml,
    };
  }

  /** As `definition`, with its secrets in plain text. */
  async decrypted(wanted: EnvironmentReference): Promise<HttpResponse> {
    return { ...this.definition(wanted), body: await this.service.decrypt(wanted) };
  }

  async update(id: EnvironmentReference, { body, headers }: HttpRequest): Promise<HttpResponse> {
    // The Go client sends the ETag it has read back in a header of the same name.
    const ifMatch = entityTag(headers["if-match"] ?? headers.etag);
    const { revision, diagnostics } = await this.service.update(id, body, { ifMatch });
    const response = jsonResponse(200, diagnostics.length > 0 ? { diagnostics } : {});
    return {
      ...response,
      headers: { ...response.headers, ...revisionHeaders(revision.etag, revision.number) },
    };
  }

  async check(organization: string, { body, query }: HttpRequest): Promise<HttpResponse> {
    const showSecrets = query.get("showSecrets") === "true";
    const { environment, diagnostics } = await this.service.checkYaml(organization, body, { showSecrets });
    return jsonResponse(200, diagnostics.length > 0 ? addMembers(environment, { diagnostics }) : environment);
  }

  async open(wanted: EnvironmentReference, { query }: HttpRequest): Promise<HttpResponse> {
    return session(await this.service.open(wanted, durationOf(query)));
  }

  async openYaml(organization: string, { body, query }: HttpRequest): Promise<HttpResponse> {
    return session(await this.service.openYaml(organization, body, durationOf(query)));
  }

  async rotate(id: EnvironmentReference, { body }: HttpRequest): Promise<HttpResponse> {
    const given = parseBody(rotationBody, body === "" ? "{}" : body);
    const paths = given.paths ?? given.Paths ?? [];
    const { diagnostics, ...event } = await this.service.rotate(id, paths.length > 0 ? paths : undefined);
    const secretRotationEvent = {
      ...event,
      environmentId: formatEnvironmentId(id),
      userID: this.service.user.login,
      rotations: event.rotations.map((rotation) => ({ id: rotation.environmentPath, ...rotation })),
    };
    return jsonResponse(200, { ...(diagnostics.length > 0 && { diagnostics }), secretRotationEvent });
  }

  read(owner: EnvironmentReference | string, id: string, { query }: HttpRequest): HttpResponse {
    return jsonResponse(200, this.service.readSession(owner, id, query.get("property") ?? undefined));
  }

  revisions(id: EnvironmentReference, { query }: HttpRequest): HttpResponse {
    const { store, user } = this.service;
    const tags = store.tags(id);
    const [before, count] = [integer(query, "before"), integer(query, "count")];
    const { retractions } = store.find(id);
    const revisions = store.revisions(id, { before, count }).map(({ number, created }) => {
      const retraction = retractions.get(number);
      return {
        number,
        created,
        creatorLogin: user.login,
        creatorName: user.name,
        tags: tags.filter(({ revision }) => revision === number).map(({ name }) => name),
        ...(retraction && { retracted: { ...retraction, byLogin: user.login, byName: user.name } }),
      };
    });
    return jsonResponse(200, revisions);
  }

  retract(revision: EnvironmentReference, { body }: HttpRequest): HttpResponse {
    retractRevision(this.service.store, revision, parseBody(retractionBody, body || "{}"));
    return noContent;
  }

  tags(id: EnvironmentReference, { query }: HttpRequest): HttpResponse {
    const { store, user } = this.service;
    const page = pageOf(sortedBy(store.tags(id), tagNameOf), {
      after: query.get("after") ?? "",
      count: integer(query, "count") ?? this.service.pageSize,
      key: tagNameOf,
    });
    const tags = page.items.map((tag) => ({ ...tag, editorLogin: user.login, editorName: user.name }));
    return jsonResponse(200, { tags, nextToken: page.last });
  }

  tag(id: EnvironmentReference, name: string): HttpResponse {
    const { store, user } = this.service;
    return jsonResponse(200, { ...store.tag(id, name), editorLogin: user.login, editorName: user.name });
  }

  createTag(id: EnvironmentReference, { body }: HttpRequest): HttpResponse {
    const { name, revision } = parseBody(newTagBody, body);
    this.service.store.createTag(id, name, revision);
    return noContent;
  }

  moveTag(id: EnvironmentReference, name: string, { body }: HttpRequest): HttpResponse {
    this.service.store.moveTag(id, name, parseBody(movedTagBody, body).revision);
    return noContent;
  }

  deleteTag(id: EnvironmentReference, name: string): HttpResponse {
    this.service.store.deleteTag(id, name);
    return noContent;
  }
}

const success = jsonResponse(200, { code: 200, message: "" });
const noContent: HttpResponse = { status: 204 };

const nameOf = ({ id }: { id: EnvironmentReference }) => formatEnvironmentId(id);
const tagNameOf = ({ name }: { name: string }) => name;

function sortedBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function session({ id, diagnostics }: Opened): HttpResponse {
  return jsonResponse(200, diagnostics.length > 0 ? { id, diagnostics } : { id });
}

function durationOf(query: URLSearchParams): { duration?: string } {
  return { duration: query.get("duration") ?? undefined };
}

function revisionHeaders(etag: string, revision: number): Record<string, string> {
  return { etag: `"${etag}"`, "pulumi-esc-revision": String(revision) };
}

/** Adds members to a JSON object without touching the text of those it has. */
function addMembers(object: string, members: object): string {
  const own = object.slice(1, -1);
  return `{${own}${own === "" ? "" : ","}${JSON.stringify(members).slice(1)}`;
}
