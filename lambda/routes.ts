import type { Audience } from "./audience";
import type { RouteConfig } from "./config";
import { AdapterError } from "./errors";
import type { AdapterRequest } from "./http";

export interface Route {
  readonly action: RouteConfig["action"];
  readonly audience: Audience;
}

/**
 * Finds the route by its exact path: nothing is decoded or normalised, so no two spellings are one route.
 *
 * @throws {AdapterError} not_found, method_not_allowed, content_type
 */
export function findRoute(routes: ReadonlyMap<string, Route>, request: AdapterRequest): Route {
  const route = routes.get(request.path);
  if (route === undefined) throw new AdapterError("not_found", "there is no such route");
  if (request.method !== "POST") throw new AdapterError("method_not_allowed", "ESC calls with POST");
  if (!/^application\/json *(;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw new AdapterError("content_type", "ESC sends application/json");
  }
  return route;
}
