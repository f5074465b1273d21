import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { type Account, createAccount } from "../../sandbox/aws/account";
import { type Aws, startAws } from "../../sandbox/aws/aws";
import type { AccessDecision } from "../../sandbox/aws/decisions";
import { findFunction, type LambdaFunction } from "../../sandbox/aws/functions";
import { createAwsCloud } from "../../sandbox/aws/resources";
import { openAdministratorSession } from "../../sandbox/aws/sessions";
import type { CallContext } from "../../sandbox/engine/cloud";
import { Archive, Asset } from "../../sandbox/engine/values";
import { type LambdaHost, startLambdaHost } from "../../sandbox/lambda/host";
import { Routes } from "../../sandbox/routes";
import type { PolicyDocument, PolicyStatement } from "../../trust/index";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const context: CallContext = {
  operation: "up",
  organization: "acme",
  project: "escapement",
  stack: "staging",
  directory: __dirname,
  provider: undefined,
  signal: new AbortController().signal,
};

export const LAMBDA_TRUST: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
};

/** What a deployed function is made of; everything has a default that works. */
export interface Deployed {
  readonly code: string | Readonly<Record<string, string>>;
  readonly inputs?: Record<string, unknown>;
  /** What its role may do besides writing its logs. */
  readonly permissions?: readonly PolicyStatement[];
}

/** AWS and Lambda on loopback, for one test file. */
export class Laptop {
  readonly account: Account;
  readonly routes = new Routes();
  readonly internalErrors: unknown[] = [];
  private aws: Aws | undefined;
  private running: LambdaHost | undefined;
  cloud: ReturnType<typeof createAwsCloud>;

  constructor() {
    this.account = createAccount({ now: () => Date.now() + this.ahead });
    this.cloud = createAwsCloud(this.account);
  }

  /** Milliseconds by which the account's clock is ahead of ours. */
  ahead = 0;

  async start(): Promise<void> {
    const { account, routes } = this;
    const onInternalError = (error: unknown) => void this.internalErrors.push(error);
    this.aws = await startAws({ account, fetch: routes.fetch, onInternalError });
    const { url: endpointUrl, onDecision } = this.aws;
    this.running = await startLambdaHost({ account, endpointUrl, routes, onDecision, onInternalError });
    const { publish, publishApi } = this.running;
    this.cloud = createAwsCloud(account, { onFunctionUrl: publish, onApiAddress: publishApi });
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    await this.aws?.close();
    // A bug that a test did not look at shows here.
    if (this.internalErrors.length > 0) throw this.internalErrors[0];
  }

  get decisions(): readonly AccessDecision[] {
    return (this.aws as Aws).decisions;
  }

  get endpointUrl(): string {
    return (this.aws as Aws).url;
  }

  get host(): LambdaHost {
    return this.running as LambdaHost;
  }

  /** What the engine does with one resource of a program. */
  async create(type: string, name: string, inputs: Record<string, unknown>) {
    return this.typeOf(type).create(requestFor(type, name, inputs));
  }

  async preview(type: string, name: string, inputs: Record<string, unknown>) {
    return this.typeOf(type).preview?.(requestFor(type, name, inputs));
  }

  private typeOf(type: string) {
    const found = this.cloud.resources[type];
    if (!found) throw new Error(`no resource type ${type}`);
    return found;
  }

  /** A role that Lambda gets, called like the function. */
  async role(
    name: string,
    permissions: readonly PolicyStatement[] = [],
    trust = LAMBDA_TRUST,
  ): Promise<string> {
    const role = await this.create("aws:iam/role:Role", name, {
      name,
      assumeRolePolicy: JSON.stringify(trust),
    });
    const logs: PolicyStatement = { Effect: "Allow", Action: "logs:*", Resource: "*" };
    await this.create("aws:iam/rolePolicy:RolePolicy", name, {
      role: name,
      name: "permissions",
      policy: JSON.stringify({ Version: "2012-10-17", Statement: [logs, ...permissions] }),
    });
    return String(role.outputs?.arn);
  }

  /** A function with a public address, and how to call it. */
  async deploy(name: string, { code, inputs = {}, permissions }: Deployed): Promise<DeployedFunction> {
    const files = typeof code === "string" ? { "index.mjs": code } : code;
    await this.create("aws:lambda/function:Function", name, {
      name,
      role: inputs.role ?? (await this.role(name, permissions)),
      code: archiveOf(files),
      handler: "index.handler",
      runtime: "nodejs24.x",
      ...inputs,
    });
    const { outputs } = await this.create("aws:lambda/functionUrl:FunctionUrl", name, {
      functionName: name,
      authorizationType: "NONE",
    });
    const url = String(outputs?.functionUrl);
    const fn = findFunction(this.account, this.account.region, name);
    return { fn, url, call: (path = "", init) => this.routes.fetch(url + path, init) };
  }

  /** All that a function has logged, in order. */
  logOf(fn: LambdaFunction): string[] {
    const groups = [...this.account.logGroups.values()];
    const group = groups.find(({ name }) => name === fn.configuration.logGroupName);
    return group?.events.map(({ message }) => message) ?? [];
  }

  /** A Secrets Manager entry with a value; answers its ARN. */
  async secret(name: string, value: string): Promise<string> {
    const { id } = await this.create("aws:secretsmanager/secret:Secret", name, { name });
    await this.putValue(id, value);
    return id;
  }

  /** Gives an entry a value, as the administrator. */
  async putValue(arn: string, value: string): Promise<void> {
    const { accessKeyId, secretAccessKey } = openAdministratorSession(this.account);
    const client = new SecretsManagerClient({
      endpoint: this.endpointUrl,
      region: arn.split(":")[3] ?? "",
      credentials: { accessKeyId, secretAccessKey },
    });
    await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: value }));
    client.destroy();
  }
}

export interface DeployedFunction {
  readonly fn: LambdaFunction;
  /** As Pulumi gives it, with `/` at its end. */
  readonly url: string;
  readonly call: (path?: string, init?: RequestInit) => Promise<Response>;
}

export function archiveOf(files: Readonly<Record<string, string>>): Archive {
  const assets = Object.entries(files).map(([name, text]) => [name, new Asset({ text })]);
  return new Archive({ assets: Object.fromEntries(assets) });
}

function requestFor(type: string, name: string, inputs: Record<string, unknown>) {
  return { ...context, urn: `urn:pulumi:staging::escapement::${type}::${name}`, type, name, inputs };
}
