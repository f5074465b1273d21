import type { Account } from "./account";
import { Authorizer } from "./authorize";
import type { AccessDecision, DecisionListener } from "./decisions";
import { startAwsEndpoint } from "./endpoint";
import type { AwsService } from "./service";
import { dynamodbService } from "./services/dynamodb";
import { secretsManagerService } from "./services/secrets-manager/index";
import { ssmService } from "./services/ssm";
import { stsService } from "./services/sts";

export interface AwsOptions {
  readonly account: Account;
  /** How STS reaches the issuers whose tokens it verifies: `Routes.fetch`. */
  readonly fetch: typeof globalThis.fetch;
  /** @default a free one */
  readonly port?: number;
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
  close(): Promise<void>;
}

/** Starts STS, Secrets Manager, SSM and DynamoDB for an account, on one loopback address. */
export async function startAws(options: AwsOptions): Promise<Aws> {
  const { account } = options;
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
      ...(options.services?.(authorizer) ?? []),
    ],
    port: options.port,
    onInternalError: options.onInternalError,
  });
  return { account, url: endpoint.url, decisions, onDecision, close: endpoint.close };
}
