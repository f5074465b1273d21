import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { type Account, createAccount } from "../../sandbox/aws/account";
import { type Aws, startAws } from "../../sandbox/aws/aws";
import { createOidcProvider, createRole, type NewRole, putRolePolicy } from "../../sandbox/aws/iam";
import { openAdministratorSession } from "../../sandbox/aws/sessions";
import { Issuer, type IssuerServer, startIssuerServer } from "../../sandbox/issuers/index";
import { Routes } from "../../sandbox/routes";
import { escTrustPolicy, GITHUB_ISSUER, type PolicyDocument, PULUMI_ISSUER } from "../../trust/index";

export const pulumiProviderArn = "arn:aws:iam::123456789012:oidc-provider/api.pulumi.com/oidc";
export const githubProviderArn =
  "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";

/** What signs a request: a session's keys. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const noKeys = async () => {
  throw new Error("this call takes no credentials");
};

/** AWS and the two issuers on loopback, for one test file, and a clock that tests can move. */
export class Laptop {
  readonly account: Account;
  readonly pulumi: Issuer;
  readonly github: Issuer;
  readonly routes = new Routes();
  readonly internalErrors: unknown[] = [];
  /** Milliseconds by which the account's clock is ahead of ours. */
  ahead = 0;
  private aws: Aws | undefined;
  private issuers: IssuerServer | undefined;
  private readonly clients: { destroy(): void }[] = [];

  /** @param pulumi an issuer to share with other laptops: its key takes a while to make. */
  constructor({ pulumi }: { pulumi?: Issuer } = {}) {
    const now = () => Date.now() + this.ahead;
    this.account = createAccount({ now });
    this.pulumi = pulumi ?? new Issuer({ url: PULUMI_ISSUER, now });
    this.github = new Issuer({ url: GITHUB_ISSUER, now });
  }

  async start(): Promise<void> {
    this.issuers = await startIssuerServer([this.pulumi, this.github]);
    for (const [known, target] of Object.entries(this.issuers.routes)) this.routes.set(known, target);
    this.aws = await startAws({
      account: this.account,
      fetch: this.routes.fetch,
      onInternalError: (error) => this.internalErrors.push(error),
    });
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.destroy();
    await this.aws?.close();
    await this.issuers?.close();
    // A bug that a test did not look at shows here.
    if (this.internalErrors.length > 0) throw this.internalErrors[0];
  }

  get url(): string {
    return (this.aws as Aws).url;
  }

  get decisions() {
    return (this.aws as Aws).decisions;
  }

  get lastDecision() {
    const decision = this.decisions.at(-1);
    if (!decision) throw new Error("no decision was taken");
    return decision;
  }

  registerProviders(): void {
    createOidcProvider(this.account, { url: PULUMI_ISSUER, audiences: ["aws:acme"] });
    createOidcProvider(this.account, { url: GITHUB_ISSUER, audiences: ["sts.amazonaws.com"] });
  }

  /** A role with one inline policy, called "permissions". */
  role(name: string, trust: PolicyDocument, permissions: PolicyDocument, more: Partial<NewRole> = {}) {
    const role = createRole(this.account, { name, trustPolicy: JSON.stringify(trust), ...more });
    putRolePolicy(this.account, name, "permissions", JSON.stringify(permissions));
    return role;
  }

  administrator(): Keys {
    return openAdministratorSession(this.account);
  }

  private options(keys?: Keys) {
    return {
      endpoint: this.url,
      region: "us-east-1",
      credentials: keys ?? noKeys,
      maxAttempts: 1,
    };
  }

  sts(keys?: Keys): STSClient {
    return this.keep(new STSClient(this.options(keys)));
  }

  secretsManager(keys?: Keys, more: { maxAttempts?: number } = {}): SecretsManagerClient {
    return this.keep(new SecretsManagerClient({ ...this.options(keys), ...more }));
  }

  ssm(keys?: Keys): SSMClient {
    return this.keep(new SSMClient(this.options(keys)));
  }

  private keep<T extends { destroy(): void }>(client: T): T {
    this.clients.push(client);
    return client;
  }
}

/** The trust policy of the staging stage, as `EscLogin` writes it. */
export function stagingTrust(): PolicyDocument {
  return escTrustPolicy({
    providerArn: pulumiProviderArn,
    audience: "aws:acme",
    subjects: [
      "pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:escapement/staging",
      "pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:escapement/staging@live",
    ],
  });
}

export function allow(action: string | string[], resource: string | string[]): PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [{ Sid: "Read", Effect: "Allow", Action: action, Resource: resource }],
  };
}
