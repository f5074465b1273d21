import { AsyncLocalStorage } from "node:async_hooks";
import type { RequestListener } from "node:http";
import * as z from "zod/mini";
import { parseEnvironment } from "./access/environment";
import type { IssuerConfig } from "./auth/signature";
import { type AdapterConfig, parseConfig } from "./config";
import { type AdapterOptions, createAdapter } from "./core";
import { AdapterConfigError, AdapterError, type AdapterErrorCode } from "./errors";
import type { Adapter, AdapterRequest } from "./http";
import { createAdapterListener } from "./server";
import { defineSource, type JsonObject } from "./sources/define-source";

/** Whom a service of yours listens to. */
export interface EscRequestValidatorOptions
  extends Pick<AdapterConfig, "organization" | "clockSkewSeconds" | "limits">,
    Pick<AdapterOptions, "log" | "now" | "replayStore"> {
  /** The service's full address, as `url` of the environments' `fn::open::external` has it, byte for byte. */
  readonly audience: string;
  /** The environments that may ask, as `project/environment`: where the call is written. At least one. */
  readonly environments: readonly string[];
  /** Whose tokens are taken. @default Pulumi Cloud, in both spellings that its documentation gives */
  readonly issuers?: readonly IssuerConfig[];
}

/** A request of ESC that has been verified. */
export interface EscRequest {
  /** What `request` of `fn::open::external` holds, without a member called `source`. */
  readonly request: JsonObject;
  /** `project/environment` in which the call is written. */
  readonly environment: string | undefined;
  /** `project/environment` that has been opened. None when a stack imports it. */
  readonly rootEnvironment: string | undefined;
  /** The login of the Pulumi user who opens the environment. For logs: decide nothing by it. */
  readonly triggerUser: string | undefined;
}

/** Answers a verified request with a JSON object, which becomes ESC's `response`. */
export type AnswerEscRequest = (
  request: EscRequest,
  context: { readonly signal: AbortSignal },
) => JsonObject | Promise<JsonObject>;

const PULUMI_JWKS = "https://api.pulumi.com/oidc/.well-known/jwks";
const PULUMI_CLOUD: readonly IssuerConfig[] = [
  { issuer: "https://api.pulumi.com/oidc", jwksUri: PULUMI_JWKS },
  { issuer: "https://api.pulumi.com", jwksUri: PULUMI_JWKS },
];

/** What the adapter's one source and one name are called here; nobody asks for them by name. */
const SERVICE = "service";

/**
 * Guards a service of yours that ESC asks by `fn::open::external`: all checks of the adapter, and your own answer.
 * That is size, bearer token, signature, registered claims, organization, body hash, environment and replay, in this
 * order; the service is asked only when all of them hold.
 *
 * @see https://www.pulumi.com/docs/esc/integrations/dynamic-secrets/external/
 */
export class EscRequestValidator {
  readonly #organization: string;
  readonly #limits: AdapterConfig["limits"];
  readonly #adapter: Promise<Adapter>;
  readonly #answering = new AsyncLocalStorage<{
    readonly token: string;
    readonly answer: AnswerEscRequest;
  }>();

  /** @throws {AdapterConfigError} with everything that is wrong with the options */
  constructor(options: EscRequestValidatorOptions) {
    const { organization, audience, environments, clockSkewSeconds, limits, log, now, replayStore } = options;
    const service = defineSource<object, JsonObject>({
      name: SERVICE,
      request: z.record(z.string(), z.unknown()),
      names: () => [SERVICE],
      connect: async () => (request, context) => this.#answer(request, context),
    });
    const config: AdapterConfig = {
      organization,
      issuers: options.issuers ?? PULUMI_CLOUD,
      routes: [{ path: URL.canParse(audience) ? new URL(audience).pathname : "", action: "open", audience }],
      access: environments.map((environment) => ({
        environment,
        action: "open",
        source: SERVICE,
        names: [SERVICE],
      })),
      sources: { [SERVICE]: {} },
      replay: { store: "memory" },
      clockSkewSeconds,
      limits,
    };
    if (environments.length === 0) throw new AdapterConfigError(["environments: must name at least one"]);
    // Here, so that a mistake fails the start and not the first request.
    parseConfig(config, [service]);
    this.#organization = organization;
    this.#limits = limits;
    this.#adapter = createAdapter({ config, sources: [service], log, now, replayStore });
  }

  /**
   * Verifies one request, for a framework of yours. A token that has passed does not pass again.
   *
   * @throws {AdapterError} with the `status` and `code` to answer; why is in the log alone
   */
  async validate(request: AdapterRequest): Promise<EscRequest> {
    let verified: EscRequest | undefined;
    const { status, body } = await this.#ask(request, (asked) => {
      verified = asked;
      return {};
    });
    if (verified !== undefined && status === 200) return verified;
    throw new AdapterError((JSON.parse(body) as { code: AdapterErrorCode }).code, "see the log");
  }

  /**
   * A listener for `node:http` that answers ESC at the audience's path, and `GET /healthz`. A refusal is a status and
   * `{ "code", "requestId" }`. What `answer` throws is 502 `source_unavailable`, or an `AdapterError`'s own code.
   */
  guard(answer: AnswerEscRequest): RequestListener {
    return createAdapterListener((request) => this.#ask(request, answer), this.#limits?.bodyBytes);
  }

  async #ask(request: AdapterRequest, answer: AnswerEscRequest) {
    const adapter = await this.#adapter;
    return this.#answering.run({ token: request.headers.authorization ?? "", answer }, () =>
      adapter(request),
    );
  }

  /** Runs when every check has passed, so the token's claims may be believed. */
  async #answer(request: JsonObject, context: { readonly signal: AbortSignal }): Promise<JsonObject> {
    const asked = this.#answering.getStore();
    if (asked === undefined) throw new TypeError("the source was asked outside a request");
    const payload = Buffer.from(asked.token.split(".")[1] ?? "", "base64url").toString();
    const claims = JSON.parse(payload) as Readonly<Record<string, unknown>>;
    const verified = {
      request,
      environment: parseEnvironment(claims.current_env, this.#organization),
      rootEnvironment: parseEnvironment(claims.root_env, this.#organization),
      triggerUser: typeof claims.trigger_user === "string" ? claims.trigger_user : undefined,
    };
    return asked.answer(verified, context);
  }
}
