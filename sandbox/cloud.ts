import type { Provider } from "../esc/evaluator/types";
import { createPulumiStacksProvider, type StackOutputs } from "../esc/providers/pulumi-stacks";
import { GITHUB_ISSUER, PULUMI_ISSUER } from "../trust";
import {
  type Account,
  Authorizer,
  type Aws,
  asCaller,
  createAccount,
  createAwsCloud,
  openSession,
  startAws,
} from "./aws";
import { apiHost } from "./aws/http-apis";
import type { AwsClientOptions } from "./aws-clients";
import { accountState, type CloudState, restoreAccount } from "./cloud-state";
import {
  containsSecret,
  type Deployment,
  type DeploymentEvent,
  deploy,
  type Operation,
  type PropertyMap,
  plainMap,
  readStackSettings,
  type StackSettings,
  type StackState,
  type StartRunner,
} from "./engine/index";
import { createGithubCloud, GithubRepositories } from "./github";
import { Issuer, startIssuerServer } from "./issuers";
import { type LambdaHost, startLambdaHost } from "./lambda";
import {
  createEscProviders,
  createEscRotators,
  createPulumiServiceCloud,
  type EnvironmentPermission,
  EscService,
  type ExchangeRequest,
  exchangeToken,
  type RotationEvent,
} from "./pulumi";
import { withReplacements } from "./replacements";
import { Routes } from "./routes";

export interface LaptopCloudOptions {
  /** The one Pulumi organization there is. @default "acme" */
  readonly organization?: string;
  /** The clock of the issuers, of AWS and of ESC, milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** The AWS account's id, twelve digits. @default "123456789012" */
  readonly accountId?: string;
  /** ESC's providers besides the sandbox's own, or instead of them. */
  readonly providers?: Readonly<Record<string, Provider>>;
  /** What another cloud was: this one goes on with it. @default an empty account and no stack */
  readonly state?: CloudState | undefined;
  /** What every member of the organization may do with every environment. @default Pulumi's own: "write" */
  readonly memberPermission?: EnvironmentPermission | undefined;
}

interface Parts extends Required<Omit<LaptopCloudOptions, "accountId" | "state" | "memberPermission">> {
  readonly state: CloudState | undefined;
  readonly memberPermission: EnvironmentPermission | undefined;
  readonly aws: Aws;
  readonly lambda: LambdaHost;
  readonly issuers: LaptopCloud["issuers"];
  readonly routes: Routes;
  readonly stop: () => Promise<void>;
}

export interface DeployStackOptions {
  /** Where the program's `Pulumi.yaml` is. */
  readonly directory: string;
  readonly stack: string;
  readonly operation: Operation;
  /** Values that win over the stack file, as with `--config key=value`. */
  readonly config?: Readonly<Record<string, string>>;
  /** The role in whose name AWS is asked for everything, by its name: what it may not do, fails. @default the administrator */
  readonly as?: string | undefined;
  onEvent?(event: DeploymentEvent): void;
  /** Ends the deployment at once. */
  readonly signal?: AbortSignal;
  /** What runs the program. @default Pulumi's own runner */
  readonly startRunner?: StartRunner | undefined;
  /** Told after each step that this cloud's `state()` has changed and is consistent. */
  onState?(): void;
}

/**
 * The clouds that programs are provisioned into, on this machine and in memory: an AWS account behind one
 * endpoint, Pulumi's ESC service, the issuers of Pulumi and GitHub, and the outputs of the stacks that were
 * brought up. Everything listens on loopback; nothing leaves the machine.
 */
export class LaptopCloud {
  readonly organization: string;
  readonly account: Account;
  readonly aws: Aws;
  readonly issuers: { readonly pulumi: Issuer; readonly github: Issuer };
  /** From the addresses that deployed code knows to the loopback ones that stand for them. */
  readonly routes: Routes;
  readonly esc: EscService;
  readonly github: GithubRepositories;
  /** By `project/stack`. */
  readonly #stacks: Map<string, StackState>;
  /** Stacks that a deployment is at work on. */
  readonly #busy = new Set<string>();
  readonly #lambda: LambdaHost;
  readonly #stop: () => Promise<void>;

  private constructor(parts: Parts) {
    this.organization = parts.organization;
    this.account = parts.aws.account;
    this.aws = parts.aws;
    this.issuers = parts.issuers;
    this.routes = parts.routes;
    this.#lambda = parts.lambda;
    this.#stop = parts.stop;
    const { organization, now, state } = parts;
    this.#stacks = new Map(state?.stacks);
    this.github = new GithubRepositories(state?.github);
    const reach = {
      issuer: parts.issuers.pulumi,
      awsUrl: parts.aws.url,
      fetch: parts.routes.fetch,
      now,
    };
    const providers = createEscProviders(reach);
    this.esc = new EscService({
      organizations: [organization],
      now,
      fetch: parts.routes.fetch,
      content: state?.environments,
      grants: state?.grants,
      issuers: state?.issuers,
      schedules: state?.schedules,
      memberPermission: parts.memberPermission,
      rotators: createEscRotators(reach),
      providers: (context) => ({
        ...providers(context),
        "pulumi-stacks": createPulumiStacksProvider({
          organization,
          stackOutputs: (_, stack) => this.#stackOutputs(stack),
        }),
        ...parts.providers,
      }),
    });
  }

  /** Starts everything. End it with `stop`: it listens on ports. */
  static async start(options: LaptopCloudOptions = {}): Promise<LaptopCloud> {
    const { organization = "acme", now = Date.now, providers = {}, state, memberPermission } = options;
    const { accountId } = options;
    const issuers = {
      pulumi: new Issuer({ url: PULUMI_ISSUER, now }),
      github: new Issuer({ url: GITHUB_ISSUER, now }),
    };
    const issuerServer = await startIssuerServer(Object.values(issuers));
    const routes = new Routes(issuerServer.routes);
    const account =
      state === undefined ? createAccount({ now, id: accountId }) : restoreAccount(state.account, now);
    const aws = await startAws({
      account,
      fetch: routes.fetch,
      invoke: (fn, event) => lambda.invoke(fn, event),
    });
    const lambda: LambdaHost = await startLambdaHost({
      account: aws.account,
      endpointUrl: aws.url,
      routes,
      onDecision: aws.onDecision,
    });
    for (const fn of account.functions.values()) lambda.publish(fn);
    for (const api of account.httpApis.values()) {
      if (api.defaultEndpoint) lambda.publishApi(apiHost(account, api), api.id);
    }
    for (const { name, mapping } of account.apiDomains.values()) {
      if (mapping !== undefined) lambda.publishApi(name, mapping.apiId);
    }
    const stop = async () => {
      await lambda.stop();
      await aws.close();
      await issuerServer.close();
    };
    const given = { organization, now, providers, state, memberPermission };
    return new LaptopCloud({ ...given, issuers, routes, aws, lambda, stop });
  }

  /** What a stack that is up exports; undefined when there is none of that name (`project/stack`). */
  outputs(stack: string): PropertyMap | undefined {
    return this.#stacks.get(stack)?.outputs;
  }

  /** Everything that this cloud is, but for the sessions it has given out and the items in its tables. */
  state(): CloudState {
    return {
      account: accountState(this.account),
      environments: this.esc.store.content(),
      grants: this.esc.grants.content(),
      issuers: this.esc.issuers.content(),
      schedules: this.esc.schedules.content(),
      github: this.github.content(),
      stacks: this.#stacks,
    };
  }

  /** Gives a token of Pulumi's for one of GitHub's. @throws as `exchangeToken` */
  exchangeToken(request: ExchangeRequest): Promise<string> {
    return exchangeToken(this.esc, Object.values(this.issuers), request);
  }

  /**
   * Acts on every schedule that has come by this cloud's clock, and waits for what it starts: rotations of ESC, rules of
   * EventBridge. What came several times since is acted on once.
   */
  async runSchedules(): Promise<readonly RotationEvent[]> {
    const rotations = await this.esc.runSchedules();
    await this.aws.runSchedules();
    return rotations;
  }

  /** For clients of the account's services. */
  awsClientOptions(region: string): AwsClientOptions {
    return { endpoint: this.aws.url, region };
  }

  /** Closes every port and leaves no process and no file behind. */
  stop(): Promise<void> {
    return this.#stop();
  }

  /**
   * Previews a program, brings it up or destroys what it brought up. What goes wrong in it is the deployment's
   * `failure`.
   *
   * @throws EngineError for a `Pulumi.yaml` or stack file that cannot be used; it names the keys, never values.
   * @throws Error when there is no role `as`.
   */
  async deploy(options: DeployStackOptions): Promise<Deployment> {
    const settings = await readStackSettings(options);
    const stack = `${settings.project}/${settings.stack}`;
    // Pulumi's service refuses it too.
    if (this.#busy.has(stack)) throw new Error(`another deployment of ${stack} is running: wait for its end`);
    const aws = this.#awsCloud(settings, options.as);
    this.#busy.add(stack);
    const pulumi = createPulumiServiceCloud(this.esc);
    const github = createGithubCloud(this.github);
    return deploy({
      operation: options.operation,
      organization: this.organization,
      settings,
      cloud: {
        resources: withReplacements({ ...aws.resources, ...pulumi.resources, ...github.resources }),
        invokes: { ...aws.invokes, ...pulumi.invokes },
        remoteComponents: aws.remoteComponents,
        stackOutputs: ({ organization, project, stack }) =>
          organization === this.organization ? this.outputs(`${project}/${stack}`) : undefined,
      },
      state: this.#stacks.get(stack),
      onState: (state) => {
        if (state.resources.length > 0) this.#stacks.set(stack, state);
        else this.#stacks.delete(stack);
        options.onState?.();
      },
      onEvent: options.onEvent,
      signal: options.signal,
      startRunner: options.startRunner,
    }).finally(() => this.#busy.delete(stack));
  }

  /** AWS as the provider reaches it in the name of a role, or of the administrator. */
  #awsCloud({ stack }: StackSettings, as: string | undefined): ReturnType<typeof createAwsCloud> {
    const { account, aws } = this;
    const everything = createAwsCloud(account, {
      onFunctionUrl: this.#lambda.publish,
      onApiAddress: this.#lambda.publishApi,
    });
    if (as === undefined) return everything;
    const role = account.roles.get(as.toLowerCase());
    if (role === undefined) throw new Error(`there is no role ${as} in the account: the stack base makes it`);
    const caller = openSession(account, role, {
      name: stack,
      durationSeconds: role.maxSessionDurationSeconds,
    });
    const authorizer = new Authorizer({ account, onDecision: aws.onDecision });
    return asCaller(everything, { account, authorizer, caller });
  }

  #stackOutputs(stack: string): StackOutputs | undefined {
    const outputs = this.outputs(stack);
    return (
      outputs && {
        outputs: plainMap(outputs),
        secretOutputNames: Object.keys(outputs).filter((name) => containsSecret(outputs[name] ?? null)),
      }
    );
  }
}
