import { check, open } from "../../esc/evaluator/index.js";
import type {
  Diagnostic,
  EvaluateOptions,
  ExecutionContext,
  LoadedEnvironment,
  Provider,
} from "../../esc/evaluator/types.js";
import { formatGoDuration, parseGoDuration } from "./duration.js";
import { EnvironmentStore, type Revision } from "./environment-store.js";
import { EscServiceError } from "./errors.js";
import { sliceJson } from "./json-text.js";
import {
  checkOrganization,
  type EnvironmentId,
  type EnvironmentReference,
  evaluationName,
  formatEnvironmentId,
  parseImport,
} from "./names.js";
import { OpenSessions } from "./open-sessions.js";
import { parsePropertyPath } from "./property-path.js";
import { completeProviders, type ProviderContext } from "./providers.js";

export interface EscServiceOptions {
  /** The organizations that exist. Any other does not, whatever the token. */
  readonly organizations: readonly string[];
  /** Whose token it is: `context.pulumi.user.login`, and the author of every revision and tag. */
  readonly user?: { readonly login: string; readonly name: string };
  /** What `fn::open::*` calls. A known provider that is not given fails by name when it is opened. */
  readonly providers?: (context: ProviderContext) => Readonly<Record<string, Provider>>;
  /** Milliseconds since 1970, for revisions, tags and the end of sessions. @default Date.now */
  readonly now?: () => number;
}

export interface OpenOptions {
  /** How long the session can be read, as Go writes durations. @default "1h", as in ESC's REST description */
  readonly duration?: string;
}

/** A session that has been opened. `diagnostics` are warnings: an error opens nothing. */
export interface Opened {
  readonly id: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Pulumi ESC on a laptop: the store, the official evaluator and the providers joined to what the service does.
 * Definitions with errors are refused before they are written (`diagnostics` say why); warnings are written and
 * reported. An open with errors opens nothing.
 */
export class EscService {
  readonly store: EnvironmentStore;
  readonly user: ProviderContext["user"];
  private readonly options: EscServiceOptions;
  private readonly sessions: OpenSessions;

  constructor(options: EscServiceOptions) {
    options.organizations.forEach(checkOrganization);
    this.options = options;
    this.user = options.user ?? { login: "sandbox", name: "Sandbox" };
    this.store = new EnvironmentStore({ now: options.now });
    this.sessions = new OpenSessions({ now: options.now });
  }

  /** @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  requireOrganization(organization: string): void {
    if (!this.options.organizations.includes(organization)) {
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
    const { diagnostics } = await check({
      ...this.evaluation(id.organization, defaultDuration),
      name: evaluationName(id),
      yaml,
      decrypter: this.store.cipher(id),
    });
    refuseErrors(`the definition of ${formatEnvironmentId(id)}`, diagnostics);
    return { revision: await this.store.update(id, yaml, options), diagnostics };
  }

  /**
   * Checks an anonymous definition; nothing is opened and nothing kept.
   * @returns JSON text: the environment as far as a check knows it, with `diagnostics` when there are warnings.
   * Secrets are redacted unless `showSecrets`.
   * @throws {ERR_ESC_SERVICE_BAD_DEFINITION} with diagnostics
   */
  async checkYaml(
    organization: string,
    yaml: string,
    options: { showSecrets?: boolean } = {},
  ): Promise<string> {
    const { environment = "{}", diagnostics } = await check({
      ...this.evaluation(organization, defaultDuration),
      yaml,
      showSecrets: options.showSecrets ?? false,
    });
    refuseErrors("the definition", diagnostics);
    return diagnostics.length > 0 ? addMember(environment, "diagnostics", diagnostics) : environment;
  }

  /** Opens an environment, at its latest revision or at the reference's version. @throws as `openYaml` */
  async open(reference: EnvironmentReference, options: OpenOptions = {}): Promise<Opened> {
    const { yaml } = this.store.read(reference);
    return this.openDefinition(options, formatEnvironmentId(reference), reference.organization, {
      name: evaluationName(reference),
      yaml,
      decrypter: this.store.cipher(reference),
    });
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
   * Reads an open session: the whole environment, or the value at a property path such as `urls.api`.
   * @param owner the environment, or the organization for an anonymous session
   * @returns JSON text, with every number spelled as the evaluator spelled it. Plain secrets: never log it.
   * @throws {ERR_ESC_SERVICE_NOT_FOUND} for a session that is not there, not the owner's or expired, and for a
   * property that is not there; {ERR_ESC_SERVICE_BAD_REQUEST} for a path that does not parse
   */
  readSession(owner: EnvironmentId | string, session: string, property?: string): string {
    const json = this.sessions.read(typeof owner === "string" ? owner : formatEnvironmentId(owner), session);
    const value = property === undefined ? json : readProperty(json, property);
    if (value === undefined) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_NOT_FOUND",
        `the open environment has no property ${JSON.stringify(property?.slice(0, 120))}`,
      );
    }
    return value;
  }

  /** Deletes an environment and ends its sessions. @throws {ERR_ESC_SERVICE_NOT_FOUND} */
  delete(id: EnvironmentId): void {
    this.store.delete(id);
    this.sessions.end(formatEnvironmentId(id));
  }

  private async openDefinition(
    { duration }: OpenOptions,
    owner: string,
    organization: string,
    definition: Pick<EvaluateOptions, "name" | "yaml" | "decrypter">,
  ): Promise<Opened> {
    const durationMs = parseGoDuration(duration ?? defaultDuration);
    const { environment = "{}", diagnostics } = await open({
      ...this.evaluation(organization, formatGoDuration(durationMs)),
      ...definition,
    });
    refuseErrors(definition.name === undefined ? "the definition" : owner, diagnostics);
    return { id: this.sessions.start({ owner, durationMs, json: environment }), diagnostics };
  }

  /** What every evaluation in an organization has in common: its environments, its providers and its context. */
  private evaluation(
    organization: string,
    duration: string,
  ): Pick<EvaluateOptions, "loadEnvironment" | "providers" | "context"> {
    const { user, options } = this;
    return {
      loadEnvironment: async (name) => this.load(organization, name),
      providers: completeProviders(options.providers?.({ organization, user }) ?? {}),
      context: executionContext({ organization, user, duration }),
    };
  }

  private load(organization: string, name: string): LoadedEnvironment {
    const reference = parseImport(organization, name);
    return { yaml: this.store.read(reference).yaml, decrypter: this.store.cipher(reference) };
  }
}

const defaultDuration = "1h0m0s";

/** The keys of `context` that Pulumi's service documents; the evaluator adds the environments' names itself. */
function executionContext(options: ProviderContext & { duration: string }): ExecutionContext {
  const { organization, user, duration } = options;
  return {
    pulumi: {
      user: { login: user.login },
      organization: { login: organization },
      token: { name: "sandbox", type: "personal", team: "" },
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
function readProperty(environment: string, path: string): string | undefined {
  const [first, ...rest] = parsePropertyPath(path);
  return sliceJson(environment, ["properties", first, ...rest.flatMap((key) => ["value", key])]);
}

/** Adds a member to a JSON object without touching the text of the others. */
function addMember(object: string, name: string, value: unknown): string {
  const separator = object === "{}" ? "" : ",";
  return `${object.slice(0, -1)}${separator}${JSON.stringify(name)}:${JSON.stringify(value)}}`;
}
