import { secret } from "../evaluator/index";
import type { Provider } from "../evaluator/types";
import { type AwsSession, describeAwsError } from "./aws-session";
import { providerSchemas } from "./schemas";
import {
  type Identity,
  identityClaims,
  identityOf,
  type SubjectAttribute,
  type TokenOptions,
} from "./tokens";

/** `AssumeRoleWithWebIdentity` of AWS STS. */
export interface AssumeRoleRequest {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly token: string;
  readonly durationSeconds: number;
  /** Managed policies that narrow the session. */
  readonly policyArns: readonly string[];
  readonly signal: AbortSignal;
}

export interface AwsLoginOptions extends TokenOptions {
  /** `escAudience` of `trust/`: `aws:<organization>`, or the bare organization for the legacy project. */
  readonly audience: (identity: Identity) => string;
  /** Rejects with AWS's own code as the error's name, as the AWS SDK does. */
  readonly assumeRoleWithWebIdentity: (request: AssumeRoleRequest) => Promise<AwsSession>;
}

interface AwsLoginInputs {
  readonly oidc?: {
    readonly roleArn: string;
    readonly sessionName: string;
    readonly duration?: string;
    readonly policyArns?: readonly string[];
    readonly subjectAttributes?: readonly SubjectAttribute[];
  };
  readonly static?: AwsSession;
}

/**
 * What ESC's `fn::open::aws-login` does: logs in to AWS with a token about the environment in which the block is
 * written, or hands on static keys. All three outputs are secret.
 *
 * An open fails with AWS's code and message when STS refuses, and when not exactly one of `oidc` and `static`
 * is given.
 */
export function createAwsLoginProvider(options: AwsLoginOptions): Provider {
  return {
    ...providerSchemas["aws-login"],
    async open(inputs, call) {
      const { oidc, static: keys } = inputs as AwsLoginInputs;
      if (keys && !oidc) return secretSession(keys);
      if (!oidc || keys) throw new Error("aws-login takes exactly one of oidc and static");

      const identity = identityOf(options, call, oidc.subjectAttributes);
      const token = await options.mintToken({
        ...identityClaims(options, call),
        sub: options.subject(identity),
        aud: options.audience(identity),
      });
      try {
        const session = await options.assumeRoleWithWebIdentity({
          roleArn: oidc.roleArn,
          sessionName: oidc.sessionName,
          token,
          durationSeconds: seconds(oidc.duration || DEFAULT_DURATION),
          policyArns: oidc.policyArns ?? [],
          signal: call.signal,
        });
        return secretSession(session);
      } catch (error) {
        // AWS repeats what it was sent in some messages.
        const because = describeAwsError(error).replaceAll(token, "[token]");
        throw new Error(`WebIdentityErr: failed to retrieve credentials\ncaused by: ${because}`);
      }
    },
  };
}

/** ESC's default. A role's own default maximum is one hour. */
const DEFAULT_DURATION = "2h";

/** `1h30m`, as the schema allows it, in seconds. */
function seconds(duration: string): number {
  const [, hours = "0", minutes = "0", rest = "0"] =
    /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
}

function secretSession({ accessKeyId, secretAccessKey, sessionToken }: AwsSession): object {
  return {
    accessKeyId: secret(accessKeyId),
    secretAccessKey: secret(secretAccessKey),
    ...(sessionToken !== undefined && { sessionToken: secret(sessionToken) }),
  };
}
