import type { JsonSchema } from "../evaluator/types";

const text = { type: "string" } as const;
/** As Go writes one: `1h30m`. */
export const duration = { type: "string", pattern: "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$" } as const;
/** What a login may put into its subject. */
export const subjectAttributes = {
  type: "array",
  items: {
    type: "string",
    enum: [
      "pulumi.user.login",
      "pulumi.organization.login",
      "pulumi.token.type",
      "pulumi.token.team",
      "currentEnvironment.name",
      "rootEnvironment.name",
    ],
  },
} as const;

/** Names are free: as in Pulumi's own catalogue, an input that is not listed passes unnoticed. */
function object(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]) {
  return { type: "object", properties, required } as const;
}

/** At least one entry, under names of the caller's choice. */
function mapOf(values: JsonSchema): JsonSchema {
  return { type: "object", additionalProperties: values, minProperties: 1 };
}

const awsSession = object({ accessKeyId: text, secretAccessKey: text, sessionToken: text }, [
  "accessKeyId",
  "secretAccessKey",
]);

/**
 * The schemas of ESC's own providers, restated from the catalogue that Pulumi publishes (pulumi.com/docs/esc,
 * "Providers"). They say what a check can find: ESC applies no default and does not check what a provider
 * answers.
 */
export const providerSchemas = {
  "aws-login": {
    inputs: object(
      {
        oidc: object(
          {
            roleArn: { type: "string", minLength: 20, maxLength: 2048 },
            sessionName: { type: "string", minLength: 2, maxLength: 64, pattern: "^[\\w+=,.@-]*$" },
            duration,
            policyArns: { type: "array", items: text },
            subjectAttributes,
          },
          ["roleArn", "sessionName"],
        ),
        static: awsSession,
      },
      [],
    ),
    outputs: awsSession,
  },
  "aws-secrets": {
    inputs: object(
      {
        region: text,
        login: awsSession,
        get: mapOf(object({ secretId: text, versionId: text, versionStage: text }, ["secretId"])),
      },
      ["region", "login", "get"],
    ),
    outputs: { type: "object", additionalProperties: text },
  },
  "aws-parameter-store": {
    inputs: object(
      {
        region: text,
        login: awsSession,
        get: mapOf(object({ name: text, decrypt: { type: "boolean" } }, ["name"])),
      },
      ["region", "login", "get"],
    ),
    outputs: { type: "object", additionalProperties: text },
  },
  external: {
    inputs: object(
      {
        url: { type: "string", pattern: "^https://" },
        request: { type: "object" },
        secret: { type: "boolean" },
      },
      ["url"],
    ),
    outputs: object({ response: { type: "object" } }, ["response"]),
  },
  "pulumi-stacks": {
    inputs: object({ stacks: mapOf(object({ stack: text }, ["stack"])) }, ["stacks"]),
    outputs: { type: "object", additionalProperties: true },
  },
} as const satisfies Readonly<Record<string, { inputs: JsonSchema; outputs: JsonSchema }>>;

/** The schemas of ESC's own rotators, likewise. */
export const rotatorSchemas = {
  external: {
    // What asks for a rotation is nothing that readers need to be able to evaluate.
    inputs: {
      ...object({ url: { type: "string", pattern: "^https://" }, request: { type: "object" } }, ["url"]),
      rotateOnly: ["request"],
    },
    state: object({ current: { type: "object" } }, ["current"]),
    outputs: object({ current: { type: "object" } }, []),
  },
} as const satisfies Readonly<Record<string, { inputs: JsonSchema; state: JsonSchema; outputs: JsonSchema }>>;
