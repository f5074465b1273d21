import { EvaluatorError, type EvaluatorErrorCode } from "../../esc/evaluator/index";
import type { Caller } from "./access-tokens";
import { Answers } from "./answers";
import { EscServiceError } from "./errors";
import type { EscService } from "./esc-service";
import { type HttpRequest, type HttpResponse, jsonResponse } from "./http-message";
import { MetadataAnswers } from "./metadata-answers";
import type { EnvironmentReference } from "./names";
import { neededPermission } from "./permissions";
import { ScheduleAnswers } from "./schedule-answers";
import { WebhookAnswers } from "./webhook-answers";

/** The path's parameters, decoded: a route only asks for those that its own pattern names. */
type Parameters = (name: string) => string;
type Answer = (at: Parameters, request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

const base = "/api/esc/environments";
const environment = `${base}/:org/:project/:name`;

/** In this order: `versions/tags` is not a version. */
function createTable(service: EscService): Record<string, Answer> {
  const answers = new Answers(service);
  const metadata = new MetadataAnswers(service);
  const schedules = new ScheduleAnswers(service);
  const webhooks = new WebhookAnswers(service);
  const { organizations } = service;
  return {
    "GET /api/user": () => metadata.user(),
    "GET /api/user/organizations/default": () => metadata.defaultOrganization(),
    "POST /api/change-requests/:org/:draft/submit": (at, request) =>
      metadata.submit(at("org"), at("draft"), request),
    [`GET ${base}`]: (_at, request) => answers.list(organizations, request),
    [`GET ${base}/:org`]: (at, request) => answers.list([at("org")], request),
    [`POST ${base}/:org`]: (at, request) => answers.create(at("org"), request),
    [`POST ${base}/:org/yaml/check`]: (at, request) => answers.check(at("org"), request),
    [`POST ${base}/:org/yaml/open`]: (at, request) => answers.openYaml(at("org"), request),
    [`GET ${base}/:org/yaml/open/:session`]: (at, request) => answers.read(at("org"), at("session"), request),
    [`GET ${environment}`]: (at) => answers.definition(reference(at)),
    [`HEAD ${environment}`]: (at) => answers.definition(reference(at)),
    [`PATCH ${environment}`]: (at, request) => answers.update(reference(at), request),
    [`DELETE ${environment}`]: (at) => answers.delete(reference(at)),
    [`GET ${environment}/decrypt`]: (at) => answers.decrypted(reference(at)),
    [`POST ${environment}/clone`]: (at, request) => answers.clone(reference(at), request),
    [`POST ${environment}/rotate`]: (at, request) => answers.rotate(reference(at), request),
    [`POST ${environment}/open`]: (at, request) => answers.open(reference(at), request),
    [`GET ${environment}/open/:session`]: (at, request) =>
      answers.read(reference(at), at("session"), request),
    [`POST ${environment}/open/request`]: (at) => metadata.requestOpen(reference(at)),
    [`GET ${environment}/settings`]: (at) => metadata.settings(reference(at)),
    [`PATCH ${environment}/settings`]: (at, request) => metadata.changeSettings(reference(at), request),
    [`GET ${environment}/referrers`]: (at, request) => metadata.referrers(reference(at), request),
    [`GET ${environment}/tags`]: (at, request) => metadata.tags(reference(at), request),
    [`POST ${environment}/tags`]: (at, request) => metadata.createTag(reference(at), request),
    [`GET ${environment}/tags/:tag`]: (at) => metadata.tag(reference(at), at("tag")),
    [`PATCH ${environment}/tags/:tag`]: (at, request) =>
      metadata.updateTag(reference(at), at("tag"), request),
    [`DELETE ${environment}/tags/:tag`]: (at) => metadata.deleteTag(reference(at), at("tag")),
    [`POST ${environment}/drafts`]: (at, request) => metadata.createDraft(reference(at), request),
    [`GET ${environment}/drafts/:draft`]: (at) => metadata.draft(reference(at), at("draft")),
    [`PATCH ${environment}/drafts/:draft`]: (at, request) =>
      metadata.updateDraft(reference(at), at("draft"), request),
    [`POST ${environment}/drafts/:draft/open`]: (at, request) =>
      metadata.openDraft(reference(at), at("draft"), request),
    [`GET ${environment}/schedules`]: (at) => schedules.list(reference(at)),
    [`POST ${environment}/schedules`]: (at, request) => schedules.create(reference(at), request),
    [`GET ${environment}/schedules/:schedule`]: (at) => schedules.get(reference(at), at("schedule")),
    [`PATCH ${environment}/schedules/:schedule`]: (at, request) =>
      schedules.update(reference(at), at("schedule"), request),
    [`DELETE ${environment}/schedules/:schedule`]: (at) => schedules.delete(reference(at), at("schedule")),
    [`GET ${environment}/schedules/:schedule/history`]: (at) =>
      schedules.history(reference(at), at("schedule")),
    [`GET ${environment}/hooks`]: (at) => webhooks.list(reference(at)),
    [`POST ${environment}/hooks`]: (at, request) => webhooks.create(reference(at), request),
    [`GET ${environment}/hooks/:hook`]: (at) => webhooks.get(reference(at), at("hook")),
    [`PATCH ${environment}/hooks/:hook`]: (at, request) =>
      webhooks.update(reference(at), at("hook"), request),
    [`DELETE ${environment}/hooks/:hook`]: (at) => webhooks.delete(reference(at), at("hook")),
    [`POST ${environment}/hooks/:hook/ping`]: (at) => webhooks.ping(reference(at), at("hook")),
    [`GET ${environment}/hooks/:hook/deliveries`]: (at) => webhooks.deliveries(reference(at), at("hook")),
    [`GET ${environment}/versions`]: (at, request) => answers.revisions(reference(at), request),
    [`GET ${environment}/versions/tags`]: (at, request) => answers.tags(reference(at), request),
    [`POST ${environment}/versions/tags`]: (at, request) => answers.createTag(reference(at), request),
    [`GET ${environment}/versions/tags/:tag`]: (at) => answers.tag(reference(at), at("tag")),
    [`PATCH ${environment}/versions/tags/:tag`]: (at, request) =>
      answers.moveTag(reference(at), at("tag"), request),
    [`DELETE ${environment}/versions/tags/:tag`]: (at) => answers.deleteTag(reference(at), at("tag")),
    [`GET ${environment}/versions/:version`]: (at) => answers.definition(reference(at)),
    [`GET ${environment}/versions/:version/decrypt`]: (at) => answers.decrypted(reference(at)),
    [`POST ${environment}/versions/:version/retract`]: (at, request) =>
      answers.retract(reference(at), request),
    [`POST ${environment}/versions/:version/open`]: (at, request) => answers.open(reference(at), request),
  };
}

/**
 * The REST API of Pulumi ESC over a service: the paths, methods and status codes that `@pulumi/esc-sdk` 0.12.4 and
 * the Go client of `github.com/pulumi/esc` v0.26.0 use, as far as the sandbox has them. What it does not have
 * answers 501 and says so.
 *
 * @returns a function that answers a request whose token has been checked: `caller` is its owner; without one, the
 * request may do everything
 * @throws what `errorResponse` turns into an answer
 */
export function createRoutes(
  service: EscService,
): (request: HttpRequest, caller?: Caller) => Promise<HttpResponse> {
  const table = Object.keys(createTable(service)).map((key) => {
    const [method = "", pattern = ""] = key.split(" ");
    return { key, method, pattern: pattern.split("/") };
  });

  return async (request, caller) => {
    // The TypeScript SDK reads a property of a session with two slashes before the session's id.
    const segments = decodeSegments(request.path.replace("/open//", "/open/"));
    const samePath = table.filter(({ pattern }) => matches(pattern, segments));
    const route = samePath.find(({ method }) => method === request.method);
    const asked = caller === undefined ? service : service.as(caller);
    const answer = route && createTable(asked)[route.key];
    if (route === undefined || answer === undefined) {
      throw refusal(request, samePath.length > 0);
    }
    const { method, pattern } = route;
    const at: Parameters = (name) => segments[pattern.indexOf(`:${name}`)] ?? "";
    if (pattern.includes(":org")) {
      service.requireOrganization(at("org"));
    }
    if (pattern.includes(":name")) {
      asked.requirePermission(reference(at), neededPermission(method, pattern.join("/")));
    }
    return answer(at, request);
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

/** The environment that a path names, at the version it names. */
function reference(at: Parameters): EnvironmentReference {
  const version = at("version");
  const id = { organization: at("org"), project: at("project"), name: at("name") };
  return version === "" ? id : { ...id, version };
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
