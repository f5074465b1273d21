import { parseEnvironment } from "./access/environment";
import { createAccessCheck } from "./access/rules";
import { createAudience, type ReadParameter } from "./audience";
import { createAuditLog } from "./audit/log";
import { type Logger, type RequestTrace, recordOf } from "./audit/record";
import { readBearer } from "./auth/bearer";
import { checkBodyHash } from "./auth/body-hash";
import { checkClaims } from "./auth/claims";
import { checkOrganization } from "./auth/organization";
import { type ReplayStore, type TokenUse, tokenHash, useToken } from "./auth/replay";
import { createMemoryReplayStore } from "./auth/replay-memory";
import { createSignatureVerifier } from "./auth/signature";
import { checkSize } from "./auth/size";
import { type AdapterConfig, parseConfig, type ResolvedConfig } from "./config";
import { type Deadline, inTime } from "./deadline";
import { AdapterError, type AdapterErrorCode, toAdapterError } from "./errors";
import { type Adapter, type AdapterRequest, jsonResponse, textResponse } from "./http";
import type { AnswerNorthflank } from "./northflank/index";
import type { ReadSharedSecret } from "./northflank/shared-secret";
import { prepareCall } from "./request-body";
import type { Rotating } from "./rotate";
import type { Rotator, RotatorTools } from "./rotators/define-rotator";
import type { Journal } from "./rotators/journal";
import type { Announce } from "./rotators/receipt";
import { findRoute, type Route } from "./routes";
import type { ConnectedSource, PreparedCall, Source } from "./sources/define-source";
import { builtInSources, connectSources, fetchText } from "./sources/index";

/** What an adapter is made of. */
export interface AdapterOptions {
  /** The content of `config.json`. It is checked here, whatever its type says. */
  readonly config: AdapterConfig;
  /** Sources besides the built-in ones, made with `defineSource`. */
  readonly sources?: readonly Source[];
  /** Rotators besides the built-in ones, made with `defineRotator`. */
  readonly rotators?: readonly Rotator[];
  /** @default `createAuditLog({ service: "escapement-adapter" })`, without metrics */
  readonly log?: Logger;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** @default the store that `config.replay` names */
  readonly replayStore?: ReplayStore;
  /** Where rotations are remembered. @default what `config.journal` names */
  readonly journal?: Journal;
  /** Tells who uses credentials. @default EventBridge, where `config.rotation` names a bus */
  readonly announce?: Announce;
  /** What rotators read their administrators' logins with. @default AWS Secrets Manager */
  readonly rotatorTools?: RotatorTools;
  /** @default AWS Systems Manager */
  readonly readParameter?: ReadParameter;
  /** @default AWS Secrets Manager */
  readonly readSharedSecret?: ReadSharedSecret;
}

/**
 * Starts an adapter. It speaks ESC's protocol for `fn::open::external`: it answers 200 and a JSON object, or
 * refuses with a status and `{ "code", "requestId" }`; why it refused is in the log alone.
 *
 * @throws {AdapterConfigError} with every problem of the configuration
 */
export async function createAdapter(options: AdapterOptions): Promise<Adapter> {
  const { log = createAuditLog({ service: "escapement-adapter" }), now = Date.now } = options;
  const { answer, operate } = await createAnswer(options, { log, now });
  let cold = true;

  const adapter: Adapter = async (request) => {
    const trace: RequestTrace = { requestId: request.requestId, started: now(), cold };
    cold = false;
    try {
      const text = await answer(request, trace);
      log(recordOf(trace, { now: now(), status: 200 }));
      return textResponse(200, text);
    } catch (thrown) {
      const error = toAdapterError(thrown);
      const { status, code } = error;
      log(recordOf(trace, { now: now(), status, error }));
      return jsonResponse(status, { code, requestId: request.requestId });
    }
  };
  return operate === undefined ? adapter : Object.assign(adapter, { operate });
}

/** Answers JSON text. */
type Answer = (request: AdapterRequest, trace: RequestTrace) => Promise<string>;

/** Of the time that Lambda leaves, what is kept for the answer itself; of ours, for giving a token back. */
const RESERVE_MILLISECONDS = { answer: 500, giveBack: 1_000 };

/** The checks in their order. Each throws its refusal, and nothing after it runs. */
async function createAnswer(
  options: AdapterOptions,
  { log, now }: { readonly log: Logger; readonly now: () => number },
): Promise<{ readonly answer: Answer; readonly operate: Rotating["operate"] | undefined }> {
  const definitions = [...builtInSources, ...(options.sources ?? [])];
  const rotators = await loadRotators(options);
  const config = parseConfig(options.config, definitions, rotators);
  const { organization, limits, clockSkewSeconds: skew } = config;
  const verifySignature = createSignatureVerifier(config.issuers, {
    keepMilliseconds: limits.staleKeysSeconds * 1000,
    now,
    log,
  });
  const checkAccess = createAccessCheck(config.access);
  const [replayStore, sources, rotating] = await Promise.all([
    options.replayStore ?? createReplayStore(config.replay),
    connectSources(config.sources, definitions, { now }),
    connectRotation(config, rotators, options, { now, log }),
  ]);
  const northflank = await connectNorthflank(config, sources, options, { log, now });
  // Last, for it begins to read the audience: what every request needs is loaded before that client.
  const routes = createRoutes(config, { log, now, readParameter: options.readParameter ?? readSsmParameter });

  const prepareRotation: Rotating["prepare"] = (body, caller) => {
    if (rotating !== undefined) return rotating.prepare(body, caller);
    throw new TypeError("a checked configuration with a route that rotates has a journal");
  };

  /**
   * Asks the source. A read that fails lets its token be used once more, for nothing of the answer has been sent; a
   * rotation never does: it may have changed something, and whoever tries again has a new token from ESC.
   */
  async function read(call: PreparedCall, use: TokenUse, { deadline, trace }: Reading): Promise<string> {
    const milliseconds = Math.min(
      trace.asked?.action === "rotate" ? limits.requestMilliseconds : limits.sourceMilliseconds,
      deadline.remaining() - RESERVE_MILLISECONDS.giveBack,
    );
    try {
      return await fetchText(call, { milliseconds, bytes: limits.answerBytes });
    } catch (error) {
      if (trace.asked?.action !== "rotate") trace.tokenReturned = await giveBack(replayStore, use, log);
      throw error;
    }
  }

  const answer: Answer = async (request, trace) => {
    const seconds = now() / 1000;
    const deadline = createDeadline(limits.requestMilliseconds, request.remainingMilliseconds);
    checkSize(request, limits);
    if (northflank !== undefined && request.path === config.northflank?.path) {
      return northflank(request, { trace, deadline });
    }
    const { action, audience } = findRoute(routes, request);
    const known = audience();
    const policy = {
      ...limits,
      audience:
        typeof known === "string"
          ? known
          : await inTime(
              () => known,
              deadline.remaining(),
              () => late("not_configured", "the audience"),
            ),
      clockSkewSeconds: skew,
      now: seconds,
    };

    const signed = await verifySignature(readBearer(request.headers.authorization), (work) =>
      inTime(work, deadline.remaining(), () => late("keys_unavailable", "the issuer's keys")),
    );
    if (signed.stale) trace.staleKeys = true;
    const claims = checkClaims(signed, policy);
    const environment = parseEnvironment(claims.currentEnvironment, organization);
    const rootEnvironment = parseEnvironment(claims.rootEnvironment, organization);
    const key = tokenHash(claims);
    trace.caller = { ...claims, environment, rootEnvironment, tokenHash: key };
    checkOrganization(claims.organization, organization);
    checkBodyHash(claims.bodyHash, request.body);

    const { source, call } =
      action === "open"
        ? prepareCall(request.body, sources)
        : prepareRotation(request.body, {
            owner: `${organization}/${environment}`,
            requestedBy: typeof claims.triggerUser === "string" ? claims.triggerUser : undefined,
            onReceipt: (receipt) => {
              trace.rotation = receipt;
            },
          });
    const names = call.names;
    trace.asked = { action, source, names };
    checkAccess({ environment, rootEnvironment, action, source, names });
    const use = await useToken(
      replayStore,
      { key, expires: claims.expires, now: seconds, skew },
      deadline.remaining() - RESERVE_MILLISECONDS.giveBack,
    );
    return read(call, use, { deadline, trace });
  };
  return { answer, operate: rotating?.operate };
}

/** Those built in are loaded only when some rotator is configured: the function that opens never needs them. */
async function loadRotators({ config, rotators = [] }: AdapterOptions): Promise<readonly Rotator[]> {
  if (config?.rotators === undefined) return rotators;
  const { builtInRotators } = await import("./rotators/index.js");
  return [...builtInRotators, ...rotators];
}

/** Nothing is loaded, let alone connected, for an adapter that rotates nothing. */
async function connectRotation(
  { organization, access, rotators = {}, journal, rotation, limits }: ResolvedConfig,
  definitions: readonly Rotator[],
  options: AdapterOptions,
  { now, log }: { readonly now: () => number; readonly log: Logger },
): Promise<Rotating | undefined> {
  if (journal === undefined) return undefined;
  const [{ createRotation }, { connectRotators }, { createAwsJournal, createAwsTools }, announce] =
    await Promise.all([
      import("./rotate.js"),
      import("./rotators/index.js"),
      import("./rotate-aws.js"),
      options.announce ?? connectEvents(rotation?.eventBus, log),
    ]);
  return createRotation({
    rotators: await connectRotators(rotators, definitions, options.rotatorTools ?? createAwsTools()),
    journal: options.journal ?? createAwsJournal({ ...journal, now }),
    now,
    requestMilliseconds: limits.requestMilliseconds,
    announce,
    owners: new Map(
      access.flatMap(({ source, names, environment }) =>
        names.map((name) => [`${source}/${name}`, `${organization}/${environment}`] as const),
      ),
    ),
    expectations: rotation?.expectations,
    log: (level, operation) =>
      log({ level, message: "notice", reason: `${operation.name} of rotations`, operation }),
  });
}

/** The client is loaded only where there is a bus. */
async function connectEvents(bus: string | undefined, log: Logger): Promise<Announce | undefined> {
  if (bus === undefined) return undefined;
  const { createEventBridgeAnnounce } = await import("./rotators/events.js");
  return createEventBridgeAnnounce({
    bus,
    onFailure: (reason) => log({ level: "warn", message: "notice", reason }),
  });
}

/** Nothing of Northflank is loaded for an adapter without its door. */
async function connectNorthflank(
  { northflank, limits, clockSkewSeconds }: ResolvedConfig,
  sources: ReadonlyMap<string, ConnectedSource>,
  options: AdapterOptions,
  { log, now }: { readonly log: Logger; readonly now: () => number },
): Promise<AnswerNorthflank | undefined> {
  if (northflank === undefined) return undefined;
  const { createNorthflank } = await import("./northflank/index.js");
  const read = options.readSharedSecret ?? (await readSharedSecretFromAws());
  return createNorthflank({ config: northflank, limits, clockSkewSeconds, sources, read, now, log });
}

interface Reading {
  readonly deadline: Deadline;
  readonly trace: RequestTrace;
}

/** Ours, or the platform's if that is sooner. */
function createDeadline(own: number, platform = Number.POSITIVE_INFINITY): Deadline {
  const begun = performance.now();
  const milliseconds = Math.min(own, platform - RESERVE_MILLISECONDS.answer);
  return { remaining: () => Math.max(0, milliseconds - (performance.now() - begun)) };
}

function late(code: AdapterErrorCode, what: string): AdapterError {
  return new AdapterError(code, `${what} did not come in time`);
}

/** True when the token may be used once more. A store that fails leaves it used. */
async function giveBack(store: ReplayStore, use: TokenUse, log: Logger): Promise<true | undefined> {
  const overrun = () => late("replay_unavailable", "the replay store's answer");
  try {
    await inTime(() => store.giveBack(use), RESERVE_MILLISECONDS.giveBack, overrun);
    return true;
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    log({ level: "warn", message: "notice", reason: `a token could not be given back: ${name}` });
    return undefined;
  }
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

const readSharedSecretFromAws = async () =>
  (await import("./northflank/shared-secret-aws.js")).createSharedSecretReader();

const readSsmParameter: ReadParameter = async (name) =>
  (await import("./ssm-parameter.js")).readSsmParameter(name);
