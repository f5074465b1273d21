import { check, decryptSecrets, open, readProperty } from "../../esc/evaluator/index";
import type {
  Diagnostic,
  EvaluateOptions,
  ExecutionContext,
  Provider,
  Rotator,
} from "../../esc/evaluator/types";
import { AccessTokens, type Caller } from "./access-tokens";
import { type CloneOptions, cloneEnvironment } from "./clone";
import { type Draft, readDraft, writeDraft } from "./drafts";
import { formatGoDuration, parseGoDuration } from "./duration";
import { EnvironmentStore, type Revision, type StoreContent } from "./environment-store";
import { EscServiceError } from "./errors";
import {
  checkOrganization,
  type EnvironmentId,
  type EnvironmentReference,
  evaluationName,
  formatEnvironmentId,
  parseImport,
} from "./names";
import { OidcIssuers, type OidcIssuersContent } from "./oidc-issuers";
import { OpenSessions } from "./open-sessions";
import { type EnvironmentPermission, Grants, type GrantsContent, includes } from "./permissions";
import { completeProviders, completeRotators, missingProviders, type ProviderContext } from "./providers";
import { type RotationEvent, rotateEnvironment } from "./rotate";
import { RotationSchedules, type SchedulesContent } from "./rotation-schedules";
import { pingWebhook, type WebhookDelivery } from "./webhooks";

export interface EscServiceOptions {
  /** The organizations that exist. Any other does not, whatever the token. */
  readonly organizations: readonly string[];
  /** Whose token it is: `context.pulumi.user.login`, and the author of every revision and tag. */
  readonly user?: { readonly login: string; readonly name: string };
  /** What `fn::open::*` calls. A known provider that is not given fails by name when it is opened. */
  readonly providers?: (context: ProviderContext) => Readonly<Record<string, Provider>>;
  /** What `fn::rotate::*` calls, likewise. @default none */
  readonly rotators?: (context: ProviderContext) => Readonly<Record<string, Rotator>>;
  /** The environments that there are already. @default none */
  readonly content?: StoreContent;
  /** How webhooks are sent to addresses that are not this machine's own. @default nobody is there */
  readonly fetch?: typeof globalThis.fetch;
  /** How many items a list answers at once. @default 100 */
  readonly pageSize?: number;
  /** What was granted to whom already. @default nothing */
  readonly grants?: GrantsContent;
  /** The rotation schedules that there are already. @default none */
  readonly schedules?: SchedulesContent;
  /** The OIDC issuers that organizations have registered. @default none */
  readonly issuers?: OidcIssuersContent;
  /**
   * What every member of an organization, and so every token of it, may do with every environment.
   * @default "write", as in Pulumi's service until somebody sets it lower
   */
  readonly memberPermission?: EnvironmentPermission;
  /** Milliseconds since 1970, for revisions, tags and the end of sessions. @default Date.now */
  readonly now?: () => number;
}

export interface OpenOptions {
  /** How long the session can be read, as Go writes durations. @default "1h", as in ESC's REST description */
  readonly duration?: string;
}

/** A definition without errors. */
export interface Checked {
  /** JSON text in the shape of REST: what a check knows without opening anything. */
  readonly environment: string;
  /** Warnings only. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A session that has been opened. */
export interface Opened {
  readonly id: string;
  /** JSON text of the plain values, secrets as `[secret]`: for reports. */
  readonly redactedJson: string;
  /** Warnings only: an error opens nothing. */
  readonly diagnostics: readonly Diagnostic[];
}

type Definition = Pick<EvaluateOptions, "name" | "yaml" | "decrypter" | "showSecrets">;

/**
 * Pulumi ESC on a laptop: the store, the official evaluator and the providers joined to what the service does.
 * Definitions with errors are refused before they are written (`diagnostics` say why); warnings are written and
 * reported. An open with errors opens nothing.
 */
export class EscService {
  readonly store: EnvironmentStore;
  readonly user: ProviderContext["user"];
  readonly organizations: readonly string[];
  readonly pageSize: number;
  /** What was granted on environments. */
  readonly grants: Grants;
  readonly schedules: RotationSchedules;
  readonly tokens: AccessTokens;
  readonly issuers: OidcIssuers;
  private readonly options: EscServiceOptions;
  private readonly sessions: OpenSessions;
  private readonly caller: Caller | undefined;

  constructor(options: EscServiceOptions, of?: { readonly service: EscService; readonly caller: Caller }) {
    options.organizations.forEach(checkOrganization);
    this.organizations = options.organizations;
    this.options = options;
    this.pageSize = options.pageSize ?? 100;
    this.caller = of?.caller;
    this.user = of?.caller.user ?? options.user ?? { login: "sandbox", name: "Sandbox" };
    this.store = of?.service.store ?? new EnvironmentStore({ now: options.now, content: options.content });
    this.sessions = of?.service.sessions ?? new OpenSessions({ now: options.now });
    this.grants = of?.service.grants ?? new Grants(options.grants);
    this.schedules = of?.service.schedules ?? new RotationSchedules(options.schedules);
    this.issuers = of?.service.issuers ?? new OidcIssuers(options.issuers);
    this.tokens =
      of?.service.tokens ??
      new AccessTokens({
        grants: this.grants,
        memberPermission: options.memberPermission ?? "write",
        now: this.now,
      });
  }

  /** Milliseconds since 1970. */
  get now(): () => number {
    return this.options.now ?? Date.now;
  }

  /** The same service, asked by the owner of a token: what the token may not do is refused. */
  as(caller: Caller): EscService {
    return new EscService(this.options, { service: this, caller });
  }

  /** What the caller may do with an environment. Who asks without a token, in this process, may do everything. */
  permissionOn(id: EnvironmentId): EnvironmentPermission {
    return this.caller === undefined ? "admin" : this.caller.permissionOn(id);
  }

  /**
   * Who may not even read an environment is not told that it is there.
   * @throws {ERR_ESC_SERVICE_FORBIDDEN} {ERR_ESC_SERVICE_NOT_FOUND}
   */
  requirePermission(id: EnvironmentId, wanted: EnvironmentPermission): void {
    const given = this.permissionOn(id);
    if (includes(given, wanted)) return;
    const name = formatEnvironmentId(id);
    throw given === "none"
      ? new EscServiceError("ERR_ESC_SERVICE_NOT_FOUND", `environment ${name} does not exist`)
      : new EscServiceError(
          "ERR_ESC_SERVICE_FORBIDDEN",
          `this token may ${given} ${name}, but not ${wanted} it`,
        );
  }

  /** Makes an empty environment, whose administrator the caller is. @throws {ERR_ESC_SERVICE_EXISTS} and others */
  create(id: EnvironmentId): void {
    this.requireCreator(id);
    this.store.create(id);
    this.grantToCreator(id);
  }

  private requireCreator({ organization }: EnvironmentId): void {
    if (this.caller === undefined || this.caller.creator !== undefined) return;
    const message = `this token may not create environments in ${organization}`;
    throw new EscServiceError("ERR_ESC_SERVICE_FORBIDDEN", message);
  }

  private grantToCreator(id: EnvironmentId): void {
    if (this.caller?.creator !== undefined) this.grants.set(id, this.caller.creator, "admin");
  }

  /** @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  requireOrganization(organization: string): void {
    if (!this.organizations.includes(organization)) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_NOT_FOUND",
        `organization ${JSON.stringify(organization.slice(0, 40))} does not exist in this sandbox`,
      );
    }
  }

  /**
   * Checks and writes a definition as the environment's next revision.
   * @returns the revision, and the check's warnings
   * @throws {ERR_ESC_SERVICE_BAD_DEFINITION} with diagnostics; {ERR_ESC_SERVICE_CONFLICT} {ERR_ESC_SERVICE_NOT_FOUND}
   */
  async update(
    id: EnvironmentId,
    yaml: string,
    options: { ifMatch?: string } = {},
  ): Promise<{ revision: Revision; diagnostics: readonly Diagnostic[] }> {
    this.store.checkMatch(id, options.ifMatch);
    const { diagnostics } = await this.checkDefinition(formatEnvironmentId(id), id.organization, {
      ...this.definition(id),
      yaml,
    });
    return { revision: await this.store.update(id, yaml, options), diagnostics };
  }

  /**
   * Checks an anonymous definition; nothing is opened and nothing kept. Secrets are redacted unless `showSecrets`.
   * @throws {ERR_ESC_SERVICE_BAD_DEFINITION} with diagnostics
   */
  async checkYaml(
    organization: string,
    yaml: string,
    options: { showSecrets?: boolean } = {},
  ): Promise<Checked> {
    return this.checkDefinition("the definition", organization, { yaml, showSecrets: options.showSecrets });
  }

  /** Checks an environment as it is stored, against its imports as they are now. @throws as `checkYaml` */
  async check(reference: EnvironmentReference): Promise<Checked> {
    const name = formatEnvironmentId(reference);
    return this.checkDefinition(name, reference.organization, this.definition(reference));
  }

  /**
   * The known providers that an environment's own definition uses and that this service does not have, sorted:
   * why an open of it must fail.
   */
  missingProviders(reference: EnvironmentReference): string[] {
    const { yaml, name } = this.definition(reference);
    return missingProviders(yaml, this.providers(reference.organization, name));
  }

  /** Opens an environment, at its latest revision or at the reference's version. @throws as `openYaml` */
  async open(reference: EnvironmentReference, options: OpenOptions = {}): Promise<Opened> {
    const owner = formatEnvironmentId(reference);
    return this.openDefinition(options, owner, reference.organization, this.definition(reference));
  }

  /**
   * Opens an anonymous definition, as `pulumi up` does with a stack's imports.
   * @throws {ERR_ESC_SERVICE_BAD_DEFINITION} with diagnostics, among them those of providers that failed;
   * {ERR_ESC_SERVICE_BAD_REQUEST} for a bad duration
   */
  async openYaml(organization: string, yaml: string, options: OpenOptions = {}): Promise<Opened> {
    return this.openDefinition(options, organization, organization, { yaml });
  }

  /**
   * Rotates everything in an environment's own definition, or what `paths` name below its values, and writes the new
   * states as its next revision. What failed is in the event.
   * @throws {ERR_ESC_SERVICE_NOT_FOUND}; {ERR_ESC_SERVICE_CONFLICT} when somebody wrote the definition meanwhile
   */
  async rotate(id: EnvironmentId, paths?: readonly string[]): Promise<RotationEvent> {
    const { yaml: _, ...definition } = this.definition(id);
    return rotateEnvironment({
      id,
      store: this.store,
      evaluation: {
        ...this.evaluation(id.organization, { opened: definition.name, imports: "open" }),
        ...definition,
        paths,
      },
      now: this.now,
    });
  }

  /** Rotates every environment whose schedule has come, once, however often it has. What failed is in the events. */
  async runSchedules(): Promise<readonly RotationEvent[]> {
    const events: RotationEvent[] = [];
    const now = this.now();
    for (const id of this.schedules.takeDue(now)) {
      const event = await this.rotate(id);
      this.schedules.record(id, now, event.status);
      events.push(event);
    }
    return events;
  }

  /**
   * Reads an open session: the whole environment, or the value at a property path such as `urls.api`.
   * @param owner the environment, or the organization for an anonymous session
   * @returns JSON text, with every number spelled as the evaluator spelled it. Plain secrets: never log it.
   * @throws {ERR_ESC_SERVICE_NOT_FOUND} for a session that is not there, not the owner's or expired, and for a
   * property that is not there; {ERR_ESC_SERVICE_BAD_REQUEST} for a path that does not parse
   */
  readSession(owner: EnvironmentId | string, session: string, property?: string): string {
    const json = this.sessions.read(typeof owner === "string" ? owner : formatEnvironmentId(owner), session);
    const value = property === undefined ? json : propertyAt(json, property);
    if (value === undefined) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_NOT_FOUND",
        `the open environment has no property ${JSON.stringify(property?.slice(0, 120))}`,
      );
    }
    return value;
  }

  /**
   * Deletes an environment and ends its sessions.
   * @throws {ERR_ESC_SERVICE_NOT_FOUND}; {ERR_ESC_SERVICE_CONFLICT} while it has deletion protection
   */
  delete(id: EnvironmentId): void {
    if (this.store.find(id).deletionProtected) {
      // The Go client looks for "protect" in the message of a 409.
      throw new EscServiceError(
        "ERR_ESC_SERVICE_CONFLICT",
        `deletion protection is enabled for environment ${formatEnvironmentId(id)}: disable it first`,
      );
    }
    this.store.delete(id);
    for (const schedule of this.schedules.of(id)) this.schedules.delete(schedule.id);
    this.sessions.end(formatEnvironmentId(id));
  }

  /** Makes an environment from another. @throws as `cloneEnvironment` */
  async clone(source: EnvironmentId, target: EnvironmentId, options: CloneOptions): Promise<void> {
    this.requireCreator(target);
    await cloneEnvironment(this.store, source, target, options);
    this.grantToCreator(target);
  }

  /** A definition with its secrets in plain text: never log it. @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  decrypt(reference: EnvironmentReference): Promise<string> {
    const { yaml, decrypter } = this.definition(reference);
    return decryptSecrets(yaml, decrypter);
  }

  /** Delivers a ping to a webhook: to this machine's own addresses, and to those that something here stands for. */
  pingWebhook(id: EnvironmentId, name: string): Promise<WebhookDelivery> {
    const send: typeof fetch = (input, init) => {
      const { hostname, origin } = new URL(String(input));
      if (["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return fetch(input, init);
      if (this.options.fetch !== undefined) return this.options.fetch(input, init);
      return Promise.reject(new Error(`nothing on this machine stands for ${origin}`));
    };
    const payload = { user: this.user, environment: formatEnvironmentId(id), message: "ping" };
    return pingWebhook(this.store.find(id).webhooks, name, {
      send,
      now: this.options.now ?? Date.now,
      payload,
    });
  }

  /**
   * Checks a proposed definition and keeps it apart from the environment, which stays as it is.
   * @throws {ERR_ESC_SERVICE_BAD_DEFINITION} with diagnostics; as `writeDraft`
   */
  async writeDraft(
    id: EnvironmentId,
    yaml: string,
    options: { draftId?: string; ifMatch?: string | undefined },
  ): Promise<Draft> {
    await this.checkDefinition("the draft", id.organization, { ...this.definition(id), yaml });
    return writeDraft(this.store, id, yaml, options);
  }

  /** Opens a draft as the environment that it would become. @throws as `openYaml` */
  async openDraft(id: EnvironmentId, draftId: string, options: OpenOptions = {}): Promise<Opened> {
    const { yaml } = readDraft(this.store, id, draftId);
    const owner = formatEnvironmentId(id);
    return this.openDefinition(options, owner, id.organization, { ...this.definition(id), yaml });
  }

  private async checkDefinition(
    what: string,
    organization: string,
    definition: Definition,
  ): Promise<Checked> {
    const { environment = "{}", diagnostics } = await check({
      ...this.evaluation(organization, {
        opened: definition.name,
        // Static secrets of imports are among what is shown.
        imports: definition.showSecrets ? "open" : "read",
      }),
      ...definition,
    });
    refuseErrors(what, diagnostics);
    return { environment, diagnostics };
  }

  private async openDefinition(
    { duration }: OpenOptions,
    owner: string,
    organization: string,
    definition: Definition,
  ): Promise<Opened> {
    const durationMs = parseGoDuration(duration ?? defaultDuration);
    const {
      environment = "{}",
      redactedJson = "{}",
      diagnostics,
    } = await open({
      ...this.evaluation(organization, {
        duration: formatGoDuration(durationMs),
        opened: definition.name,
        imports: "open",
      }),
      ...definition,
    });
    refuseErrors(definition.name === undefined ? "the definition" : owner, diagnostics);
    const id = this.sessions.start({ owner, durationMs, json: environment });
    return { id, redactedJson, diagnostics };
  }

  /** What every evaluation in an organization has in common: its environments, its providers and its context. */
  private evaluation(
    organization: string,
    { duration = defaultDuration, opened, imports }: EvaluationOptions,
  ): Pick<EvaluateOptions, "loadEnvironment" | "providers" | "rotators" | "context"> {
    return {
      loadEnvironment: async (name) => {
        const reference = parseImport(organization, name);
        this.requirePermission(reference, imports);
        return this.definition(reference);
      },
      providers: completeProviders(this.providers(organization, opened)),
      rotators: completeRotators(this.rotators(organization, opened)),
      context: executionContext({ organization, user: this.user, duration, token: this.caller?.token }),
    };
  }

  private providers(organization: string, opened = "<yaml>"): Readonly<Record<string, Provider>> {
    return this.options.providers?.({ organization, user: this.user, openedEnvironment: opened }) ?? {};
  }

  private rotators(organization: string, opened = "<yaml>"): Readonly<Record<string, Rotator>> {
    return this.options.rotators?.({ organization, user: this.user, openedEnvironment: opened }) ?? {};
  }

  private definition(
    reference: EnvironmentReference,
  ): Required<Pick<Definition, "name" | "yaml" | "decrypter">> {
    return {
      name: evaluationName(reference),
      yaml: this.store.read(reference).yaml,
      decrypter: this.store.cipher(reference),
    };
  }
}

const defaultDuration = "1h0m0s";

interface EvaluationOptions {
  readonly duration?: string;
  /** Name of what is opened or checked; undefined for an anonymous definition. */
  readonly opened: string | undefined;
  /**
   * What the caller needs on everything that is imported or referred to. Pulumi's pages say that who may only read an
   * environment cannot use stacks that import it; that the same goes for environments that import it is taken from that.
   */
  readonly imports: EnvironmentPermission;
}

/** The keys of `context` that Pulumi's service documents; the evaluator adds the environments' names itself. */
function executionContext(
  options: Omit<ProviderContext, "openedEnvironment"> & {
    readonly duration: string;
    readonly token: Caller["token"] | undefined;
  },
): ExecutionContext {
  const { organization, user, duration, token } = options;
  return {
    pulumi: {
      user: { login: user.login },
      organization: { login: organization },
      token: token ?? { name: "sandbox", type: "personal", team: "" },
      openDuration: duration,
    },
  };
}

function refuseErrors(what: string, diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  if (errors > 0) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_DEFINITION",
      `${what} has ${errors === 1 ? "an error" : `${errors} errors`}`,
      diagnostics,
    );
  }
}

/** The value at a path, as `{value, secret?, trace}`. */
function propertyAt(environment: string, path: string): string | undefined {
  try {
    return readProperty(environment, path);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_BAD_REQUEST",
        `invalid property path ${JSON.stringify(path.slice(0, 120))}: write a.b, a[0] or a["b.c"]`,
      );
    }
    throw error;
  }
}
