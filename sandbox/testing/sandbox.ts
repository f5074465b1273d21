import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateSecretCommand } from "@aws-sdk/client-secrets-manager";
import { stringify } from "yaml";
import { formatDiagnostic } from "../../esc/check";
import type { CallContext, Provider } from "../../esc/evaluator/types";
import { providerSchemas } from "../../esc/providers/schemas";
import type { Adapter } from "../../lambda/http";
import { createAdapterServer } from "../../lambda/server";
import { openAdministratorSession } from "../aws";
import { secretsManagerClient } from "../aws-clients";
import { LaptopCloud } from "../cloud";
import { plainMap } from "../engine/index";
import { watchAccount } from "../evidence";
import { createEscServer, type EnvironmentId, EscServiceError } from "../pulumi";
import { TurnableClock } from "./clock";
import { type OpenedEnvironment, readOpened } from "./opened";
import { type EscTokenOptions, escTokenClaims, type GithubTokenOptions, githubTokenClaims } from "./tokens";

/** A definition: an object as its YAML would be read, YAML text, or one made with the builder of `escapement/esc`. */
export type EnvironmentSource = string | { render(): string } | { readonly [member: string]: unknown };

/**
 * What `fn::open::<name>` does: gets the evaluated inputs, answers plain JSON in which `secret(…)` marks what stays
 * secret. What it throws becomes a finding with its message.
 */
// biome-ignore lint/suspicious/noExplicitAny: the definition decides what its inputs are
export type ProviderFunction = (inputs: any, call: CallContext) => unknown;

/** What there is when the sandbox starts. */
export interface SandboxOptions {
  /** The one Pulumi organization there is. @default "acme" */
  readonly organization?: string;
  /** Definitions by `project/environment`, in any order. They are checked as Pulumi's service would. */
  readonly environments?: Readonly<Record<string, EnvironmentSource>>;
  /**
   * Providers by name, besides `aws-login`, `aws-secrets`, `aws-parameter-store`, `external` and `pulumi-stacks`, or
   * instead of them.
   */
  readonly providers?: Readonly<Record<string, ProviderFunction>>;
  /** Values of Secrets Manager entries by name: text, or an object that is stored as JSON. */
  readonly secrets?: Readonly<Record<string, string | object>>;
  /** The AWS region that clients talk to and entries are made in. @default "us-east-1" */
  readonly region?: string;
}

/** The program to bring up. */
export interface DeployOptions {
  /** Where the program's `Pulumi.yaml` is. */
  readonly directory: string;
  readonly stack: string;
  /** Values that win over the stack file, as `--config key=value`. */
  readonly config?: Readonly<Record<string, string>>;
  /** A preview creates nothing; its outputs are what can be known before. @default false */
  readonly preview?: boolean;
}

/** What came of a rotation that a schedule started. */
export interface ScheduledRotation {
  readonly status: "succeeded" | "failed";
  /** Revisions of the environment. */
  readonly before: number;
  readonly after: number;
}

/** A stack that is up. */
export interface DeployedStack {
  /** The stack's outputs, secrets in plain. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** In the order in which they were registered. */
  readonly resources: readonly { readonly type: string; readonly name: string; readonly urn: string }[];
}

/**
 * Starts everything on free loopback ports. End it with `stop()`.
 *
 * @throws Error naming each finding, as `project/environment:line:column`, for a definition that does not check.
 * EvaluatorError `ERR_ESC_UNAVAILABLE` where the evaluator was not built.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<TestSandbox> {
  const clock = new TurnableClock();
  const { organization, region = "us-east-1" } = options;
  const cloud = await LaptopCloud.start({ organization, now: clock.now, providers: providersOf(options) });
  const accessToken = `pul-${randomBytes(20).toString("hex")}`;
  const esc = createEscServer({ service: cloud.esc, accessToken });
  const escUrl = await esc.start();
  const sandbox = new TestSandbox({ cloud, clock, region, escUrl, accessToken, stopEsc: () => esc.stop() });
  try {
    for (const [name, value] of Object.entries(options.secrets ?? {})) await sandbox.putSecret(name, value);
    await writeEnvironments(cloud, options.environments ?? {});
    return sandbox;
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}

interface Parts {
  readonly cloud: LaptopCloud;
  readonly clock: TurnableClock;
  readonly region: string;
  readonly escUrl: string;
  readonly accessToken: string;
  readonly stopEsc: () => Promise<void>;
}

/** Where the keys of an issuer are, for an adapter's `issuers`. */
export interface SandboxIssuer {
  /** The tokens' `iss`. */
  readonly issuer: string;
  /** On this machine. */
  readonly jwksUri: string;
}

/** A sandbox while it runs. */
export class TestSandbox {
  readonly organization: string;
  /** What the issuers, ESC, AWS and deployed functions take for the time. `now: sandbox.clock.now` for an adapter. */
  readonly clock: TurnableClock;
  readonly issuers: { readonly pulumi: SandboxIssuer; readonly github: SandboxIssuer };
  /**
   * What a client outside this process needs in its environment: `PULUMI_BACKEND_URL`, `PULUMI_ACCESS_TOKEN`, `PULUMI_ORG`,
   * `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_DEFAULT_REGION` and an administrator's keys.
   */
  readonly variables: Readonly<Record<string, string>>;
  /** A `fetch` that knows the addresses in here, by those that definitions name, and no others. */
  readonly fetch: typeof globalThis.fetch;
  readonly #parts: Parts;
  readonly #servers: Server[] = [];

  constructor(parts: Parts) {
    const { cloud, clock, region, escUrl, accessToken } = parts;
    this.#parts = parts;
    this.clock = clock;
    this.organization = cloud.organization;
    this.fetch = cloud.routes.fetch;
    const onThisMachine = ({ url, jwksUri }: { readonly url: string; readonly jwksUri: string }) => ({
      issuer: url,
      jwksUri: cloud.routes.resolve(jwksUri).href,
    });
    this.issuers = {
      pulumi: onThisMachine(cloud.issuers.pulumi),
      github: onThisMachine(cloud.issuers.github),
    };
    const { accessKeyId, secretAccessKey } = openAdministratorSession(cloud.account);
    this.variables = {
      PULUMI_BACKEND_URL: escUrl,
      PULUMI_ACCESS_TOKEN: accessToken,
      PULUMI_ORG: cloud.organization,
      AWS_ENDPOINT_URL: cloud.aws.url,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
  }

  /**
   * Options for clients of the AWS SDK, with an administrator's keys. Made anew after the clock was turned, for
   * requests are signed with their time.
   */
  get awsClientOptions() {
    const { AWS_ENDPOINT_URL: endpoint = "", AWS_REGION: region = "" } = this.variables;
    const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } =
      this.variables;
    const systemClockOffset = this.clock.now() - Date.now();
    return { endpoint, region, credentials: { accessKeyId, secretAccessKey }, systemClockOffset };
  }

  /**
   * Opens an environment, as `pulumi env open` does.
   *
   * @param environment `project/environment`, with `@tag` or `@revision` behind it for another than the latest
   * @throws Error naming each finding, those of providers that failed among them
   */
  async open(environment: string): Promise<OpenedEnvironment> {
    const [name = "", version] = environment.split("@");
    const { esc, aws } = this.#parts.cloud;
    const id = environmentId(this.organization, name);
    const evidence = watchAccount(aws);
    const session = await esc.open({ ...id, version }).catch((error: unknown) => {
      throw explained(name, error, evidence());
    });
    return readOpened(esc.readSession(id, session.id));
  }

  /**
   * Acts on every schedule that has come by `clock`, and waits for what it starts: ESC's rotation schedules and the rates of
   * EventBridge's rules. What came several times since is acted on once.
   *
   * @returns of each rotation, the environment's revision before and after it, and whether it succeeded
   */
  async runSchedules(): Promise<readonly ScheduledRotation[]> {
    const events = await this.#parts.cloud.runSchedules();
    return events.map(({ status, preRotationRevision: before, postRotationRevision: after }) => ({
      status,
      before,
      after: after ?? before,
    }));
  }

  /** A token of Pulumi's issuer, as ESC presents it to adapters and to AWS. */
  escToken(options: EscTokenOptions): Promise<string> {
    const claims = escTokenClaims(this.organization, options);
    return this.#parts.cloud.issuers.pulumi.mint(claims, { expiresInSeconds: options.expiresInSeconds });
  }

  /** A token of GitHub's issuer, as a job of GitHub Actions presents it. */
  githubToken(options: GithubTokenOptions): Promise<string> {
    const { expiresInSeconds } = options;
    return this.#parts.cloud.issuers.github.mint(githubTokenClaims(options), { expiresInSeconds });
  }

  /** Puts a value into a Secrets Manager entry that does not exist yet; an object is stored as JSON. */
  async putSecret(name: string, value: string | object): Promise<void> {
    const client = secretsManagerClient(this.awsClientOptions, this.awsClientOptions.credentials);
    const SecretString = typeof value === "string" ? value : JSON.stringify(value);
    await client.send(new CreateSecretCommand({ Name: name, SecretString }));
  }

  /**
   * Puts an adapter, or a server of yours that is not listening yet, behind an `https://` address: what environments
   * call there reaches it. It is closed with the sandbox.
   */
  async serve(address: string, service: Adapter | Server): Promise<void> {
    const server = typeof service === "function" ? createAdapterServer(service) : service;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#servers.push(server);
    const { port } = server.address() as AddressInfo;
    this.#parts.cloud.routes.set(new URL(address).origin, `http://127.0.0.1:${port}`);
  }

  /**
   * Brings a Pulumi program up, or previews it, with Pulumi's own runner and without the `pulumi` command. Functions
   * that it deploys answer at their addresses, through `fetch` and for environments.
   *
   * @throws Error with the first thing that went wrong
   */
  async deploy({ preview = false, ...options }: DeployOptions): Promise<DeployedStack> {
    const operation = preview ? "preview" : "up";
    const { failure, outputs, resources } = await this.#parts.cloud.deploy({ ...options, operation });
    if (failure) throw new Error(`${operation} of ${options.stack} failed: ${failure.message}`);
    return {
      outputs: plainMap(outputs),
      resources: resources.map(({ type, name, urn }) => ({ type, name, urn })),
    };
  }

  /** Closes every port; leaves no process and no file. */
  async stop(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
    await this.#parts.stopEsc();
    await this.#parts.cloud.stop();
  }
}

function providersOf({ providers = {} }: SandboxOptions): Record<string, Provider> {
  const schemas: Readonly<Record<string, Omit<Provider, "open">>> = providerSchemas;
  return Object.fromEntries(
    Object.entries(providers).map(([name, open]) => [
      name,
      { ...schemas[name], open: async (inputs, call) => open(inputs, call) } satisfies Provider,
    ]),
  );
}

/** All are written before the first is checked, so their order does not matter. */
async function writeEnvironments(
  cloud: LaptopCloud,
  environments: Readonly<Record<string, EnvironmentSource>>,
): Promise<void> {
  for (const [name, source] of Object.entries(environments)) {
    const id = environmentId(cloud.organization, name);
    cloud.esc.store.create(id);
    await cloud.esc.store.update(id, textOf(source));
  }
  for (const name of Object.keys(environments)) {
    const { diagnostics } = await cloud.esc.check(environmentId(cloud.organization, name)).catch((error) => {
      throw explained(name, error);
    });
    if (diagnostics.length > 0)
      throw new Error(diagnostics.map((each) => formatDiagnostic(name, each)).join("\n"));
  }
}

function textOf(source: EnvironmentSource): string {
  if (typeof source === "string") return source;
  return isRenderable(source) ? source.render() : stringify(source);
}

function isRenderable(source: object): source is { render(): string } {
  return "render" in source && typeof source.render === "function";
}

function environmentId(organization: string, name: string): EnvironmentId {
  const [project, environment, ...rest] = name.split("/");
  if (!project || !environment || rest.length > 0)
    throw new TypeError(`"${name}" must be project/environment`);
  return { organization, project, name: environment };
}

/** What ESC found, and what the account saw meanwhile. */
function explained(name: string, error: unknown, evidence: readonly string[] = []): unknown {
  if (!(error instanceof EscServiceError) || error.diagnostics.length === 0) return error;
  const found = error.diagnostics.map((each) => formatDiagnostic(name, each));
  return new Error([...found, ...evidence].join("\n"), { cause: error });
}
