import type { Account } from "./account";
import { Authorizer } from "./authorize";
import type { AccessDecision, DecisionListener } from "./decisions";
import { startAwsEndpoint } from "./endpoint";
import { runSchedules, type SendToFunction } from "./events";
import type { AwsService } from "./service";
import { dynamodbService } from "./services/dynamodb";
import { eventsService } from "./services/events";
import { type InvokeFunction, lambdaService } from "./services/lambda";
import { secretsManagerService } from "./services/secrets-manager/index";
import { ssmService } from "./services/ssm";
import { stsService } from "./services/sts";

export interface AwsOptions {
  readonly account: Account;
  /** How STS reaches the issuers whose tokens it verifies: `Routes.fetch`. */
  readonly fetch: typeof globalThis.fetch;
  /** @default a free one */
  readonly port?: number;
  /** Runs functions for EventBridge and for `Invoke`. @default no function is run */
  readonly invoke?: InvokeFunction;
  /** Services besides the sandbox's own, made over the same authorizer. */
  readonly services?: (authorizer: Authorizer) => readonly AwsService[];
  readonly onDecision?: DecisionListener;
  /** Told of bugs in here, which the caller sees as `InternalFailure`. */
  readonly onInternalError?: (error: unknown) => void;
}

/** AWS on the laptop, while it runs. */
export interface Aws {
  readonly account: Account;
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** Every decision taken so far, oldest first. */
  readonly decisions: readonly AccessDecision[];
  /** Adds to them what is decided elsewhere in the account's name: by Lambda, when it takes on a role. */
  readonly onDecision: DecisionListener;
  /** Acts on the schedules of EventBridge's rules as the account's clock has it, and waits for what they run. */
  runSchedules(): Promise<void>;
  close(): Promise<void>;
}

/** Starts STS, Secrets Manager, SSM, DynamoDB, EventBridge's `PutEvents` and Lambda's `Invoke` for an account, on one loopback address. */
export async function startAws(options: AwsOptions): Promise<Aws> {
  const { account, invoke } = options;
  const running = new Set<Promise<unknown>>();
  /** As EventBridge does: nobody waits, and what goes wrong is in the function's log. */
  const send: SendToFunction = (arn, event) => {
    const fn = account.functions.get(arn);
    if (fn === undefined || invoke === undefined) return;
    const run = invoke(fn, event).catch(options.onInternalError ?? (() => {}));
    running.add(run);
    void run.finally(() => running.delete(run));
  };
  const decisions: AccessDecision[] = [];
  const onDecision: DecisionListener = (decision) => {
    decisions.push(decision);
    options.onDecision?.(decision);
  };
  const authorizer = new Authorizer({ account, onDecision });
  const endpoint = await startAwsEndpoint({
    account,
    services: [
      stsService({ account, fetch: options.fetch, onDecision }),
      secretsManagerService(authorizer),
      ssmService(authorizer),
      dynamodbService(authorizer),
      eventsService(authorizer, send),
      lambdaService(authorizer, invoke),
      ...(options.services?.(authorizer) ?? []),
    ],
    port: options.port,
    onInternalError: options.onInternalError,
  });
  return {
    account,
    url: endpoint.url,
    decisions,
    onDecision,
    async runSchedules() {
      runSchedules(account, send);
      await Promise.all(running);
    },
    close: endpoint.close,
  };
}
