import { parseEnvironment } from "./access/environment";
import { checkAccess } from "./access/rules";
import { createAudience, type ReadParameter } from "./audience";
import { readBearer } from "./auth/bearer";
import { checkBodyHash } from "./auth/body-hash";
import { checkClaims } from "./auth/claims";
import { checkOrganization } from "./auth/organization";
import { checkReplay, type ReplayStore, tokenHash } from "./auth/replay";
import { createMemoryReplayStore } from "./auth/replay-memory";
import { createSignatureVerifier } from "./auth/signature";
import { checkSize } from "./auth/size";
import { type AdapterConfig, parseConfig, type ResolvedConfig } from "./config";
import { toAdapterError } from "./errors";
import { type Adapter, type AdapterRequest, jsonResponse } from "./http";
import { type Logger, logToStdout, type RequestTrace, recordOf } from "./log";
import { prepareCall } from "./request-body";
import { findRoute, type Route } from "./routes";
import type { JsonObject, Source } from "./sources/define-source";
import { builtInSources, connectSources, fetchInTime } from "./sources/index";

export interface AdapterOptions {
  /** The content of `config.json`. It is checked here, whatever its type says. */
  readonly config: AdapterConfig;
  /** Sources besides the built-in ones, made with `defineSource`. */
  readonly sources?: readonly Source[];
  /** @default one JSON line a record on stdout */
  readonly log?: Logger;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** @default the store that `config.replay` names */
  readonly replayStore?: ReplayStore;
  /** @default AWS Systems Manager */
  readonly readParameter?: ReadParameter;
}

/**
 * Starts an adapter. It speaks ESC's protocol for `fn::open::external`: it answers 200 and a JSON object, or
 * refuses with a status and `{ "code", "requestId" }`; why it refused is in the log alone.
 *
 * @throws {AdapterConfigError} with every problem of the configuration
 */
export async function createAdapter(options: AdapterOptions): Promise<Adapter> {
  const { log = logToStdout, now = Date.now } = options;
  const answer = await createAnswer(options, { log, now });

  return async (request) => {
    const trace: RequestTrace = { requestId: request.requestId, started: now() };
    try {
      const response = jsonResponse(200, await answer(request, trace));
      log(recordOf(trace, { now: now(), status: 200 }));
      return response;
    } catch (thrown) {
      const error = toAdapterError(thrown);
      const { status, code } = error;
      log(recordOf(trace, { now: now(), status, error }));
      return jsonResponse(status, { code, requestId: request.requestId });
    }
  };
}

type Answer = (request: AdapterRequest, trace: RequestTrace) => Promise<JsonObject>;

/** The checks in their order. Each throws its refusal, and nothing after it runs. */
async function createAnswer(
  options: AdapterOptions,
  { log, now }: { readonly log: Logger; readonly now: () => number },
): Promise<Answer> {
  const definitions = [...builtInSources, ...(options.sources ?? [])];
  const config = parseConfig(options.config, definitions);
  const { organization, limits, clockSkewSeconds: skew } = config;
  const routes = createRoutes(config, { log, now, readParameter: options.readParameter ?? readSsmParameter });
  const verifySignature = createSignatureVerifier(config.issuers);
  const [replayStore, sources] = await Promise.all([
    options.replayStore ?? createReplayStore(config.replay),
    connectSources(config.sources, definitions),
  ]);

  return async (request, trace) => {
    const seconds = now() / 1000;
    checkSize(request, limits);
    const { action, audience } = findRoute(routes, request);
    const policy = { ...limits, audience: await audience(), clockSkewSeconds: skew, now: seconds };

    const signed = await verifySignature(readBearer(request.headers.authorization));
    const claims = checkClaims(signed, policy);
    const environment = parseEnvironment(claims.currentEnvironment, organization);
    const rootEnvironment = parseEnvironment(claims.rootEnvironment, organization);
    const key = tokenHash(claims);
    trace.caller = { ...claims, environment, rootEnvironment, tokenHash: key };
    checkOrganization(claims.organization, organization);
    checkBodyHash(claims.bodyHash, request.body);

    const { source, call } = prepareCall(request.body, sources);
    const names = call.names;
    trace.asked = { source, names };
    checkAccess(config.access, { environment, rootEnvironment, action, source, names });
    await checkReplay(replayStore, { key, expires: claims.expires, now: seconds, skew });
    return fetchInTime(call, limits.sourceMilliseconds);
  };
}

function createRoutes(
  config: ResolvedConfig,
  options: Parameters<typeof createAudience>[1],
): ReadonlyMap<string, Route> {
  return new Map(
    config.routes.map((route) => [
      route.path,
      { action: route.action, audience: createAudience(route, options) },
    ]),
  );
}

/**
 * AWS clients are loaded by importing a module of ours that imports them by name: importing the client's own
 * package dynamically would put all of it into the bundle.
 */
async function createReplayStore(replay: AdapterConfig["replay"]): Promise<ReplayStore> {
  if (replay.store === "memory") return createMemoryReplayStore();
  const { createDynamoReplayStore } = await import("./auth/replay-dynamodb.js");
  return createDynamoReplayStore(replay.table);
}

const readSsmParameter: ReadParameter = async (name) =>
  (await import("./ssm-parameter.js")).readSsmParameter(name);
