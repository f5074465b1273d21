import { fn, type Inputs } from "./builtins";
import { DefinitionError } from "./errors";
import type { Expression } from "./expression";

type Text = string | Expression<string>;

/** Carries the shape of a stack's outputs; exists for the compiler only. */
declare const OUTPUTS: unique symbol;

/** A Pulumi stack whose outputs are read. */
export interface Stack<Outputs = unknown> {
  /** `project/stack`, in the organisation of the environment. */
  readonly stack: string;
  readonly [OUTPUTS]?: Outputs;
}

/**
 * Names a stack, and says what its outputs are: `stack<{ url: string }>("api/staging")`.
 *
 * @throws {DefinitionError} ERR_DEFINITION_INPUT unless it is `project/stack`. The organisation is not part of
 * it: the provider reads stacks of the environment's own organisation only.
 */
export function stack<Outputs = unknown>(name: string): Stack<Outputs> {
  if (!/^[^/\s]+\/[^/\s]+$/.test(name)) {
    throw new DefinitionError(
      "ERR_DEFINITION_INPUT",
      `the stack "${name}" must be written project/stack, without the organisation`,
    );
  }
  return { stack: name };
}

/** Outputs of Pulumi stacks, under the names given here. */
export function pulumiStacks<S extends { readonly [name: string]: Stack }>(
  stacks: S,
): Expression<{ readonly [K in keyof S]: S[K] extends Stack<infer Outputs> ? Outputs : never }> {
  requireSome(stacks, "pulumi-stacks", "stacks");
  const named = Object.entries(stacks).map(([name, source]) => [name, { stack: source.stack }] as const);
  return fn.open("pulumi-stacks", { stacks: Object.fromEntries(named) });
}

/** A session of an AWS role, as `aws-login` gives it. */
export interface AwsSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** What ESC may put into the subject of its token, in the order listed. */
export type SubjectAttribute =
  | "currentEnvironment.name"
  | "rootEnvironment.name"
  | "pulumi.user.login"
  | "pulumi.organization.login";

export interface AwsLoginArgs {
  readonly roleArn: Text;
  /** Shows in CloudTrail: 2 to 64 of letters, digits and `_+=,.@-`. */
  readonly sessionName: Text;
  /** Hours, minutes, seconds: `1h30m`. At most the role's own maximum. ESC's default is `2h`, AWS's is `1h`. */
  readonly duration?: Text;
  /** ARNs of policies that narrow the session. */
  readonly policyArns?: readonly Text[];
  readonly subjectAttributes?: readonly SubjectAttribute[];
}

/**
 * Logs in to AWS by OIDC. It is only rendered inside `login:` of the provider that needs it: as a value of its
 * own it would hand the session to everyone who opens the environment.
 */
export function awsLogin(args: AwsLoginArgs): Expression<AwsSession> {
  return fn.open("aws-login", { oidc: { ...args } });
}

/** One entry of Secrets Manager. */
export interface AwsSecretSource {
  /** Name or ARN of the entry in Secrets Manager. */
  readonly secretId: Text;
  readonly versionId?: Text;
  readonly versionStage?: Text;
}

export interface AwsSecretsArgs<Names extends string> {
  readonly region: Text;
  readonly login: Expression<AwsSession>;
  readonly get: { readonly [K in Names]: AwsSecretSource };
}

/**
 * Entries of AWS Secrets Manager, each as the text that is stored: what holds JSON needs `fn.fromJSON`. One
 * entry without a value makes the whole call fail.
 */
export function awsSecrets<Names extends string>(
  args: AwsSecretsArgs<Names>,
): Expression<{ readonly [K in Names]: string }> {
  requireSome(args.get, "aws-secrets", "get");
  const sources = Object.entries<AwsSecretSource>(args.get).map(
    ([name, source]) => [name, { ...source }] as const,
  );
  return fn.open("aws-secrets", { region: args.region, login: args.login, get: Object.fromEntries(sources) });
}

export interface ExternalArgs {
  /** The adapter's full address; ESC puts it, byte for byte, into its token as the audience. */
  readonly url: Text;
  /** Sent to the adapter as it is. */
  readonly request?: Inputs;
  /** Whether the answer is secret. ESC's default is true. */
  readonly secret?: boolean;
}

/**
 * Asks an adapter (ESC Connect). `Response` is what the caller knows of the answer; ESC does not check it.
 *
 * @throws {DefinitionError} ERR_DEFINITION_INPUT when the address does not begin with `https://`.
 */
export function external<Response = unknown>(
  args: ExternalArgs,
): Expression<{ readonly response: Response }> {
  return fn.open("external", { url: checkHttps(args.url), request: args.request, secret: args.secret });
}

export interface RotateExternalArgs {
  readonly url: Text;
  /** Evaluated only when ESC rotates. */
  readonly request?: Inputs;
  /** Written by ESC after each rotation. */
  readonly state?: Inputs;
}

/**
 * Lets an adapter rotate a credential. `Current` is what the caller knows of the credential.
 *
 * @throws {DefinitionError} ERR_DEFINITION_INPUT when the address does not begin with `https://`.
 */
export function rotateExternal<Current = unknown>(
  args: RotateExternalArgs,
): Expression<{ readonly current: Current }> {
  return fn.rotate("external", {
    inputs: { url: checkHttps(args.url), request: args.request },
    state: args.state,
  });
}

function checkHttps(url: Text): Text {
  if (typeof url !== "string" || url.startsWith("https://")) return url;
  throw new DefinitionError("ERR_DEFINITION_INPUT", "an adapter's url must begin with https://");
}

function requireSome(map: object, provider: string, input: string): void {
  if (Object.keys(map).length > 0) return;
  throw new DefinitionError(
    "ERR_DEFINITION_INPUT",
    `${provider} needs at least one entry in ${input}: leave the block out instead`,
  );
}
