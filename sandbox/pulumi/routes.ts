import * as z from "zod";
import { EvaluatorError, type EvaluatorErrorCode } from "../../esc/evaluator/index";
import { EscServiceError } from "./errors";
import type { EscService } from "./esc-service";
import { type HttpRequest, type HttpResponse, jsonResponse } from "./http-message";
import type { EnvironmentReference } from "./names";

/** The path's parameters, decoded: a route only asks for those that its own pattern names. */
type Parameters = (name: string) => string;
type Answer = (request: HttpRequest, at: Parameters) => HttpResponse | Promise<HttpResponse>;

const environmentBody = z.object({ project: z.string(), name: z.string() });
const newTagBody = z.object({ name: z.string(), revision: z.int().positive().optional() });
const movedTagBody = z.object({ revision: z.int().positive().optional() });

const base = "/api/esc/environments";
const environment = `${base}/:org/:project/:name`;

/**
 * The REST API of Pulumi ESC over a service: the paths, methods and status codes that `@pulumi/esc-sdk` 0.12.4 and
 * the Go client of `github.com/pulumi/esc` v0.26.0 use, as far as the sandbox has them. What it does not have
 * answers 501 and says so.
 *
 * @returns a function that answers a request whose token has been checked
 * @throws {EscServiceError} which `errorResponse` turns into an answer
 */
export function createRoutes(service: EscService): (request: HttpRequest) => Promise<HttpResponse> {
  const { store } = service;
  const routes = new Map<string, Answer>([
    [`GET ${base}/:org`, (_, at) => listEnvironments(service, at("org"))],
    [`POST ${base}/:org`, (request, at) => createEnvironment(service, at("org"), request)],
    [`POST ${base}/:org/yaml/check`, (request, at) => checkYaml(service, at("org"), request)],
    [
      `POST ${base}/:org/yaml/open`,
      async ({ body, query }, at) =>
        opened(await service.openYaml(at("org"), body, { duration: query.get("duration") ?? undefined })),
    ],
    [
      `GET ${base}/:org/yaml/open/:session`,
      ({ query }, at) => readSession(service, at("org"), at("session"), query),
    ],
    [`GET ${environment}`, (_, at) => definition(service, reference(at))],
    [`HEAD ${environment}`, (_, at) => ({ ...definition(service, reference(at)), body: undefined })],
    [`PATCH ${environment}`, (request, at) => updateEnvironment(service, reference(at), request)],
    [
      `DELETE ${environment}`,
      (_, at) => {
        service.delete(reference(at));
        return jsonResponse(200, { code: 200, message: "" });
      },
    ],
    [`POST ${environment}/open`, (request, at) => openEnvironment(service, reference(at), request)],
    [
      `GET ${environment}/open/:session`,
      ({ query }, at) => readSession(service, reference(at), at("session"), query),
    ],
    [`GET ${environment}/versions`, ({ query }, at) => listRevisions(service, reference(at), query)],
    [
      `GET ${environment}/versions/tags`,
      (_, at) =>
        jsonResponse(200, {
          tags: store.tags(reference(at)).map((tag) => tagBody(service, tag)),
          nextToken: "",
        }),
    ],
    [
      `POST ${environment}/versions/tags`,
      ({ body }, at) => {
        const { name, revision } = parseBody(newTagBody, body);
        store.createTag(reference(at), name, revision);
        return { status: 204 };
      },
    ],
    [
      `GET ${environment}/versions/tags/:tag`,
      (_, at) => jsonResponse(200, tagBody(service, store.tag(reference(at), at("tag")))),
    ],
    [
      `PATCH ${environment}/versions/tags/:tag`,
      ({ body }, at) => {
        store.moveTag(reference(at), at("tag"), parseBody(movedTagBody, body).revision);
        return { status: 204 };
      },
    ],
    [
      `DELETE ${environment}/versions/tags/:tag`,
      (_, at) => {
        store.deleteTag(reference(at), at("tag"));
        return { status: 204 };
      },
    ],
    [
      `GET ${environment}/versions/:version`,
      (_, at) => definition(service, { ...reference(at), version: at("version") }),
    ],
    [
      `POST ${environment}/versions/:version/open`,
      (request, at) => openEnvironment(service, { ...reference(at), version: at("version") }, request),
    ],
  ]);
  const table = [...routes].map(([key, answer]) => {
    const [method = "", pattern = ""] = key.split(" ");
    return { method, pattern: pattern.split("/"), answer };
  });

  return async (request) => {
    // The TypeScript SDK reads a property of a session with two slashes before the session's id.
    const segments = decodeSegments(request.path.replace("/open//", "/open/"));
    const samePath = table.filter(({ pattern }) => matches(pattern, segments));
    const route = samePath.find(({ method }) => method === request.method);
    if (route === undefined) {
      throw refusal(request, samePath.length > 0);
    }
    const at: Parameters = (name) => segments[route.pattern.indexOf(`:${name}`)] ?? "";
    service.requireOrganization(at("org"));
    return route.answer(request, at);
  };
}

/**
 * Pulumi's error JSON, `{code, message}`, with `diagnostics` where a definition was refused.
 * @returns undefined for an error that no client can have caused
 */
export function errorResponse(error: unknown): HttpResponse | undefined {
  if (!(error instanceof EscServiceError) && !(error instanceof EvaluatorError)) {
    return undefined;
  }
  const { message, diagnostics } = error;
  const status = error instanceof EscServiceError ? error.status : evaluatorStatus(error.code);
  return jsonResponse(status, {
    code: status,
    message,
    ...(diagnostics.length > 0 ? { diagnostics } : {}),
  });
}

/** A definition that breaks a limit is its author's; the rest may go better another time. */
function evaluatorStatus(code: EvaluatorErrorCode): number {
  switch (code) {
    case "ERR_ESC_TIMEOUT":
      return 504;
    case "ERR_ESC_UNAVAILABLE":
    case "ERR_ESC_ABORTED":
    case "ERR_ESC_CRASHED":
    case "ERR_ESC_INTERRUPTED":
      return 503;
    default:
      return 400;
  }
}

/** Adds members to a JSON object without touching the text of those it has. */
function addMember(object: string, members: object): string {
  const own = object.slice(1, -1);
  return `{${own}${own === "" ? "" : ","}${JSON.stringify(members).slice(1)}`;
}

function reference(at: Parameters): EnvironmentReference {
  return { organization: at("org"), project: at("project"), name: at("name") };
}

function listEnvironments(service: EscService, organization: string): HttpResponse {
  const environments = service.store
    .list(organization)
    .map(({ id, created, modified }) => ({ ...id, created, modified }));
  return jsonResponse(200, { environments, nextToken: "" });
}

function createEnvironment(service: EscService, organization: string, { body }: HttpRequest): HttpResponse {
  service.store.create({ organization, ...parseBody(environmentBody, body) });
  return jsonResponse(200, { code: 200, message: "" });
}

function definition(service: EscService, wanted: EnvironmentReference): HttpResponse {
  const { yaml, etag, number } = service.store.read(wanted);
  return {
    status: 200,
    headers: { "content-type": "application/x-yaml", ...revisionHeaders(etag, number) },
    body: yaml,
  };
}

async function updateEnvironment(
  service: EscService,
  id: EnvironmentReference,
  { body, headers }: HttpRequest,
): Promise<HttpResponse> {
  // The Go client sends the ETag it has read back in a header of the same name.
  const ifMatch = entityTag(headers["if-match"] ?? headers.etag);
  const { revision, diagnostics } = await service.update(id, body, { ifMatch });
  const response = jsonResponse(200, diagnostics.length > 0 ? { diagnostics } : {});
  return {
    ...response,
    headers: { ...response.headers, ...revisionHeaders(revision.etag, revision.number) },
  };
}

async function checkYaml(
  service: EscService,
  organization: string,
  { body, query }: HttpRequest,
): Promise<HttpResponse> {
  const showSecrets = query.get("showSecrets") === "true";
  const { environment, diagnostics } = await service.checkYaml(organization, body, { showSecrets });
  return jsonResponse(200, diagnostics.length > 0 ? addMember(environment, { diagnostics }) : environment);
}

async function openEnvironment(
  service: EscService,
  wanted: EnvironmentReference,
  { query }: HttpRequest,
): Promise<HttpResponse> {
  return opened(await service.open(wanted, { duration: query.get("duration") ?? undefined }));
}

function opened({ id, diagnostics }: Awaited<ReturnType<EscService["open"]>>): HttpResponse {
  return jsonResponse(200, diagnostics.length > 0 ? { id, diagnostics } : { id });
}

function readSession(
  service: EscService,
  owner: EnvironmentReference | string,
  session: string,
  query: URLSearchParams,
): HttpResponse {
  return jsonResponse(200, service.readSession(owner, session, query.get("property") ?? undefined));
}

function listRevisions(service: EscService, id: EnvironmentReference, query: URLSearchParams): HttpResponse {
  const { store, user } = service;
  const tags = store.tags(id);
  const [before, count] = [integer(query, "before"), integer(query, "count")];
  const revisions = store.revisions(id, { before, count }).map(({ number, created }) => ({
    number,
    created,
    creatorLogin: user.login,
    creatorName: user.name,
    tags: tags.filter(({ revision }) => revision === number).map(({ name }) => name),
  }));
  return jsonResponse(200, revisions);
}

function tagBody({ user }: EscService, tag: ReturnType<EscService["store"]["tag"]>): object {
  return { ...tag, editorLogin: user.login, editorName: user.name };
}

function revisionHeaders(etag: string, revision: number): Record<string, string> {
  return { etag: `"${etag}"`, "pulumi-esc-revision": String(revision) };
}

/** The ETag inside a header's quotes; none for no header and for `*`, which only asks that the environment exists. */
function entityTag(header: string | undefined): string | undefined {
  const tag = header?.trim().replace(/^(W\/)?"(.*)"$/, "$2");
  return tag === "*" || tag === "" ? undefined : tag;
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? "";
  if (text !== "" && !/^\d{1,9}$/.test(text)) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_REQUEST",
      `query parameter ${name} must be a whole number`,
    );
  }
  return text === "" ? undefined : Number(text);
}

function parseBody<T>(schema: z.ZodType<T>, body: string): T {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", "the request's body is not JSON");
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `${path.join(".") || "body"}: ${message}`,
    );
    throw new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", `invalid request: ${problems.join("; ")}`);
  }
  return result.data;
}

function decodeSegments(path: string): string[] {
  try {
    return path.split("/").map(decodeURIComponent);
  } catch {
    throw new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", "the path is not valid percent-encoding");
  }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith(":") ? segments[index] !== "" : part === segments[index]))
  );
}

function refusal({ method, path }: HttpRequest, knownPath: boolean): EscServiceError {
  if (knownPath) {
    return new EscServiceError("ERR_ESC_SERVICE_METHOD", `${method} is not a method of this path`);
  }
  return path.startsWith(`${base}/`)
    ? new EscServiceError(
        "ERR_ESC_SERVICE_NOT_IMPLEMENTED",
        `the sandbox's ESC service does not implement ${method} ${path.slice(0, 200)}`,
      )
    : new EscServiceError("ERR_ESC_SERVICE_NOT_FOUND", "Not Found");
}
