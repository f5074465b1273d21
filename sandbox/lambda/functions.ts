import type { Account } from "../aws/account";
import { Authorizer } from "../aws/authorize";
import type { DecisionListener } from "../aws/decisions";
import { AwsError } from "../aws/errors";
import type { LambdaFunction } from "../aws/functions";
import { assumeServiceRole } from "../aws/service-role";
import type { Routes } from "../routes";
import { ExecutionEnvironment, type Outcome } from "./execution-environment";
import { openFunctionLog } from "./function-log";

/** How long the keys of a function's role last. Then there is a new process, as on Lambda after some hours. */
const sessionSeconds = 12 * 60 * 60;

export interface FunctionsOptions {
  readonly account: Account;
  /** Where AWS's services answer. */
  readonly endpointUrl: string;
  /** Where functions may go. */
  readonly routes: Routes;
  readonly onDecision?: DecisionListener;
}

/** The processes of an account's functions, one for each that has been called. */
export class Functions {
  private readonly options: FunctionsOptions;
  private readonly authorizer: Authorizer;
  private readonly environments = new Map<LambdaFunction, ExecutionEnvironment>();
  /** What a function's next request waits for. */
  private readonly queues = new Map<LambdaFunction, Promise<unknown>>();
  private stopped = false;

  constructor(options: FunctionsOptions) {
    this.options = options;
    this.authorizer = new Authorizer(options);
  }

  call(fn: LambdaFunction, requestId: string, event: object): Promise<Outcome> {
    const turn = (this.queues.get(fn) ?? Promise.resolve()).then(() => this.serve(fn, requestId, event));
    this.queues.set(
      fn,
      turn.catch(() => {}),
    );
    return turn;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.environments.values()].map((environment) => environment.stop()));
    this.environments.clear();
  }

  private async serve(fn: LambdaFunction, requestId: string, event: object): Promise<Outcome> {
    const environment = await this.environmentOf(fn);
    if (!environment) return { answered: false };
    const { account, endpointUrl, routes } = this.options;
    return environment.invoke({
      requestId,
      event,
      clockOffset: account.now() - Date.now(),
      // AWS's services may be reached by fetch too.
      routes: { ...routes.toJSON(), [endpointUrl]: endpointUrl },
    });
  }

  /** The function's process, a new one if it was deployed anew. None when Lambda does not get the function's role. */
  private async environmentOf(fn: LambdaFunction): Promise<ExecutionEnvironment | undefined> {
    const existing = this.environments.get(fn);
    if (existing && this.isCurrent(existing, fn)) return existing;
    await existing?.stop();
    this.environments.delete(fn);
    if (this.stopped) return undefined;
    const environment = this.start(fn);
    if (environment) this.environments.set(fn, environment);
    return environment;
  }

  private isCurrent(environment: ExecutionEnvironment, fn: LambdaFunction): boolean {
    const { code, configuration, expiresAt, isUsable } = environment;
    const isFresh = expiresAt.getTime() - this.options.account.now() > fn.configuration.timeoutSeconds * 1000;
    return isUsable && isFresh && code === fn.code && configuration === fn.configuration;
  }

  private start(fn: LambdaFunction): ExecutionEnvironment | undefined {
    const { account, endpointUrl, onDecision } = this.options;
    try {
      const session = assumeServiceRole(account, {
        roleArn: fn.configuration.roleArn,
        service: "lambda.amazonaws.com",
        sessionName: fn.name,
        durationSeconds: sessionSeconds,
        context: { "lambda:SourceFunctionArn": fn.arn },
        onDecision,
      });
      const stream = streamName(account);
      const onLine = openFunctionLog({ account, authorizer: this.authorizer, fn, session, stream });
      return new ExecutionEnvironment({ fn, session, endpointUrl, logStream: stream, onLine });
    } catch (error) {
      if (error instanceof AwsError) return undefined;
      throw error;
    }
  }
}

/** `2026/11/20/[$LATEST]<32 hex digits>`, as Lambda calls them. */
function streamName(account: Account): string {
  const day = new Date(account.now()).toISOString().slice(0, 10).replaceAll("-", "/");
  return `${day}/[$LATEST]${Buffer.from(account.random(16)).toString("hex")}`;
}
