import type { JsonSchema } from "../evaluator/types";
import { duration, providerSchemas, rotatorSchemas, subjectAttributes } from "./schemas";

const text = { type: "string" } as const;
const number = { type: "number" } as const;
const flag = { type: "boolean" } as const;
const texts = { type: "array", items: text } as const;

/** Required inputs first, optional ones behind them. */
function object(
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
) {
  const properties: Readonly<Record<string, JsonSchema>> = { ...required, ...optional };
  return { type: "object", properties, required: Object.keys(required) } as const;
}

function mapOf(values: JsonSchema): JsonSchema {
  return { type: "object", additionalProperties: values, minProperties: 1 };
}

const anything: JsonSchema = { type: "object", additionalProperties: true };
const answersTexts: JsonSchema = { type: "object", additionalProperties: text };
const awsSession = object({ accessKeyId: text, secretAccessKey: text }, { sessionToken: text });
const azureLogin = object(
  { clientId: text, tenantId: text },
  { subscriptionId: text, clientSecret: text, oidc: object({ token: text }) },
);
const gcpLogin = object({ accessToken: text, project: number, tokenType: text }, { expiry: text });
const vaultLogin = object({ address: text, token: text }, { namespace: text });
const serviceToken = object({ accessToken: text });

interface Schemas {
  readonly inputs: JsonSchema;
  readonly outputs: JsonSchema;
}

/**
 * Every provider of the catalogue that Pulumi publishes (pulumi.com/docs/esc, "Providers"), in short: required and
 * optional inputs with their types. Those that this project opens are stated in full in `providerSchemas`.
 */
export const providerCatalogue: Readonly<Record<string, Schemas>> = {
  "azure-login": {
    inputs: object(
      { clientId: text, tenantId: text },
      { subscriptionId: text, clientSecret: text, oidc: flag, subjectAttributes },
    ),
    outputs: azureLogin,
  },
  "azure-secrets": {
    inputs: object({ login: azureLogin, vault: text, get: mapOf(object({ name: text }, { version: text })) }),
    outputs: answersTexts,
  },
  "gcp-login": {
    inputs: object(
      { project: number },
      {
        oidc: object(
          { workloadPoolId: text, providerId: text, serviceAccount: text },
          { region: text, tokenLifetime: duration, subjectAttributes },
        ),
        accessToken: object({ accessToken: text }, { serviceAccount: text, tokenLifetime: duration }),
      },
    ),
    outputs: gcpLogin,
  },
  "gcp-secrets": {
    inputs: object({ login: gcpLogin, access: mapOf(object({ name: text }, { version: number })) }),
    outputs: answersTexts,
  },
  "vault-login": {
    inputs: object(
      { address: text },
      {
        namespace: text,
        jwt: object({ role: text }, { mount: text, subjectAttributes }),
        token: object(
          { token: text },
          { displayName: text, maxTtl: duration, policies: texts, metadata: { type: "object" } },
        ),
      },
    ),
    outputs: vaultLogin,
  },
  "vault-secrets": {
    inputs: object({ login: vaultLogin, read: mapOf(object({ path: text }, { field: text })) }),
    outputs: anything,
  },
  "doppler-login": {
    inputs: object({ oidc: object({ identityId: text }, { subjectAttributes }) }),
    outputs: serviceToken,
  },
  "doppler-secrets": {
    inputs: object({ login: serviceToken, project: text, config: text, get: mapOf(object({ name: text })) }),
    outputs: answersTexts,
  },
  "infisical-login": {
    inputs: object(
      {},
      {
        oidc: object({ identityId: text }, { subjectAttributes }),
        static: object({ clientId: text, clientSecret: text }),
        siteUrl: text,
      },
    ),
    outputs: object({ accessToken: text }, { siteUrl: text }),
  },
  "infisical-secrets": {
    inputs: object({
      login: object({ accessToken: text }, { siteUrl: text }),
      get: mapOf(
        object({ projectId: text, environment: text, secretKey: text }, { secretPath: text, type: text }),
      ),
    }),
    outputs: answersTexts,
  },
  "1password-secrets": {
    inputs: object({
      login: object({ serviceAccountToken: text }),
      get: mapOf(object({ ref: { type: "string", pattern: "^op://.+" } })),
    }),
    outputs: answersTexts,
  },
  "gh-login": {
    inputs: object(
      { appId: number, privateKey: text, owner: text },
      { repositories: texts, permissions: { type: "object" }, ghe: object({ host: text }) },
    ),
    outputs: object(
      { appId: number, appSlug: text, installationId: number, accessToken: text, type: text },
      { expiry: text },
    ),
  },
  "snowflake-login": {
    inputs: object({ oidc: object({ account: text, user: text }, { role: text }) }),
    outputs: object({ account: text, token: text, user: text }),
  },
  "terraform-state": {
    inputs: object({ backend: { type: "object" } }),
    outputs: object({ outputs: anything }),
  },
  ...providerSchemas,
};

const slots = (current: JsonSchema) => object({ current }, { previous: current });
const login = object({ username: text, password: text });

function databaseRotator(): Schemas & { readonly state: JsonSchema } {
  const database = object(
    { host: text, port: number, database: text, managingUser: login },
    { connector: object({}, { awsLambda: object({ lambdaArn: text, login: awsSession }) }) },
  );
  return {
    inputs: object({ database, rotateUsers: object({ username1: text, username2: text }) }),
    state: slots(login),
    outputs: object({}, { current: login, previous: login }),
  };
}

/** Every rotator of the same catalogue, likewise. */
export const rotatorCatalogue: Readonly<Record<string, Schemas & { readonly state: JsonSchema }>> = {
  "aws-iam": rotator(
    object({ login: awsSession, userArn: text }, { region: text }),
    object({ accessKeyId: text, secretAccessKey: text }, { createdAt: text }),
  ),
  "azure-app-secret": rotator(
    object({ login: azureLogin, clientId: text }, { lifetimeInDays: number }),
    object({ secretValue: text, secretId: text }, { createdAt: text, expiresAt: text }),
  ),
  mysql: databaseRotator(),
  postgres: databaseRotator(),
  password: rotator(
    object(
      {},
      {
        length: number,
        lower: flag,
        upper: flag,
        numeric: flag,
        special: flag,
        minLower: number,
        minUpper: number,
        minNumeric: number,
        minSpecial: number,
        overrideSpecial: text,
      },
    ),
    text,
  ),
  passphrase: rotator(object({}, { length: number, separator: text, capitalize: flag }), text),
  "snowflake-user": {
    inputs: object({ login: { type: "object" }, targetUser: text }),
    state: object({ account: text, privateKey: text, createdAt: text }),
    outputs: object({ account: text, privateKey: text, user: text, rotatedAt: text }),
  },
  ...rotatorSchemas,
};

function rotator(inputs: JsonSchema, current: JsonSchema): Schemas & { readonly state: JsonSchema } {
  return { inputs, state: slots(current), outputs: object({}, { current, previous: current }) };
}
