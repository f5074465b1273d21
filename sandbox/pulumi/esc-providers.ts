import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Provider, Rotator } from "../../esc/evaluator/types";
import { createAwsLoginProvider } from "../../esc/providers/aws-login";
import { createAwsParameterStoreProvider } from "../../esc/providers/aws-parameter-store";
import { createAwsSecretsProvider } from "../../esc/providers/aws-secrets";
import type { AwsCaller } from "../../esc/providers/aws-session";
import { createExternalProvider, type ExternalOptions } from "../../esc/providers/external";
import { createExternalRotator } from "../../esc/providers/external-rotator";
import type { TokenOptions } from "../../esc/providers/tokens";
import { escAudience, escSubject, PULUMI_ISSUER } from "../../trust/index";
import { isolated } from "../aws-clients";
import type { Issuer } from "../issuers/index";
import type { ProviderContext } from "./providers";

export interface EscProvidersOptions {
  /** Pulumi's issuer, which signs what ESC presents. */
  readonly issuer: Issuer;
  /** The sandbox's AWS: `Aws.url`. */
  readonly awsUrl: string;
  /** How adapters are reached: `Routes.fetch`, which knows the `https://` addresses of definitions. */
  readonly fetch: typeof globalThis.fetch;
  /** AWS's clock, by which requests are signed, milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/**
 * The `iss` of the tokens that `external` presents. Pulumi's page on the provider says `https://api.pulumi.com`, its
 * page on OIDC this; the keys are this issuer's on both. The adapter's configuration takes either by default.
 */
const EXTERNAL_TOKEN_ISSUER = PULUMI_ISSUER;

/** As in the token that https://www.pulumi.com/docs/esc/guides/configuring-oidc/vault/ shows. */
const TOKEN_LIFETIME_SECONDS = 3600;

/**
 * ESC's providers that reach out of the service, over the sandbox's issuer, its AWS and its routes. AWS is called
 * through the AWS SDK.
 */
export function createEscProviders(
  options: EscProvidersOptions,
): (context: ProviderContext) => Record<string, Provider> {
  const aws = awsCalls(options.awsUrl, options.now ?? Date.now);
  return (context) => {
    const tokens = tokenOptions(options, context);
    return {
      "aws-login": createAwsLoginProvider({ ...tokens, ...aws, audience: escAudience }),
      "aws-secrets": createAwsSecretsProvider(aws),
      "aws-parameter-store": createAwsParameterStoreProvider(aws),
      external: createExternalProvider(externalOptions(options, context)),
    };
  };
}

/** ESC's rotators, likewise. */
export function createEscRotators(
  options: EscProvidersOptions,
): (context: ProviderContext) => Record<string, Rotator> {
  return (context) => ({ external: createExternalRotator(externalOptions(options, context)) });
}

function tokenOptions({ issuer }: EscProvidersOptions, context: ProviderContext): TokenOptions {
  return {
    ...context,
    subject: escSubject,
    mintToken: (claims) => issuer.mint(claims, { expiresInSeconds: TOKEN_LIFETIME_SECONDS }),
  };
}

function externalOptions(options: EscProvidersOptions, context: ProviderContext): ExternalOptions {
  const tokens = tokenOptions(options, context);
  return {
    ...tokens,
    mintToken: (claims) => tokens.mintToken({ iss: EXTERNAL_TOKEN_ISSUER, ...claims }),
    fetch: options.fetch,
  };
}

type AwsCalls = Pick<Parameters<typeof createAwsLoginProvider>[0], "assumeRoleWithWebIdentity"> &
  Parameters<typeof createAwsSecretsProvider>[0] &
  Parameters<typeof createAwsParameterStoreProvider>[0];

function awsCalls(endpoint: string, now: () => number): AwsCalls {
  const sts = new STSClient({ ...isolated, endpoint, region: "us-east-1", credentials: noCredentials });
  // One set of connections for all clients: they differ by region and session only.
  const { requestHandler } = sts.config;
  const clientOf = ({ session: credentials, region }: AwsCaller) => ({
    ...isolated,
    endpoint,
    requestHandler,
    region,
    credentials,
    systemClockOffset: now() - Date.now(),
  });

  return {
    async assumeRoleWithWebIdentity({ signal, ...request }) {
      const { Credentials: keys } = await sts.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: request.roleArn,
          RoleSessionName: request.sessionName,
          WebIdentityToken: request.token,
          DurationSeconds: request.durationSeconds,
          PolicyArns: request.policyArns.map((arn) => ({ arn })),
        }),
        { abortSignal: signal },
      );
      return {
        accessKeyId: present(keys?.AccessKeyId),
        secretAccessKey: present(keys?.SecretAccessKey),
        sessionToken: present(keys?.SessionToken),
      };
    },

    async getSecretValue(caller, { secretId, versionId, versionStage }) {
      const { SecretString, SecretBinary } = await new SecretsManagerClient(clientOf(caller)).send(
        new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId, VersionStage: versionStage }),
        { abortSignal: caller.signal },
      );
      return present(SecretString ?? SecretBinary);
    },

    async getParameter(caller, { name, decrypt }) {
      const { Parameter } = await new SSMClient(clientOf(caller)).send(
        new GetParameterCommand({ Name: name, WithDecryption: decrypt }),
        { abortSignal: caller.signal },
      );
      return { type: present(Parameter?.Type), value: present(Parameter?.Value) };
    },
  };
}

async function noCredentials(): Promise<never> {
  throw new Error("AssumeRoleWithWebIdentity is not signed");
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("AWS answered without a value");
  return value;
}
