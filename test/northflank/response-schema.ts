/**
 * What Northflank takes for an answer, written from the interfaces `SecretCollection`, `SecretEnv`, `SecretFile`,
 * `SecretFileOwner` and `SecretFilePermissions` of its published protocol
 * (https://github.com/northflank/delegated-secret-injection-demo, src/types.ts), as JSON Schema.
 */
export const responseSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  required: ["secrets"],
  additionalProperties: false,
  properties: {
    secrets: { type: "array", items: { oneOf: [{ $ref: "#/$defs/env" }, { $ref: "#/$defs/file" }] } },
  },
  $defs: {
    env: {
      type: "object",
      required: ["type", "key", "value"],
      additionalProperties: false,
      properties: {
        type: { const: "ENV" },
        key: { type: "string", minLength: 1 },
        value: { type: "string" },
      },
    },
    file: {
      type: "object",
      required: ["type", "path", "data"],
      additionalProperties: false,
      properties: {
        type: { const: "FILE" },
        path: { type: "string", pattern: "^/" },
        data: { type: "string" },
        encoding: { enum: ["utf-8", "base64"] },
        owner: { $ref: "#/$defs/owner" },
        group: { $ref: "#/$defs/owner" },
        permissions: {
          type: "object",
          required: ["policy", "mode"],
          additionalProperties: false,
          properties: {
            policy: { enum: ["AlwaysSet", "KeepOrSet"] },
            mode: {
              anyOf: [
                { type: "string", pattern: "^[0-7]+$" },
                { type: "integer", minimum: 0 },
              ],
            },
          },
        },
      },
    },
    owner: {
      oneOf: [
        {
          type: "object",
          required: ["policy", "value"],
          additionalProperties: false,
          properties: {
            policy: { enum: ["AlwaysSetExplicit", "KeepOrSetExplicit"] },
            value: { type: "string", minLength: 1 },
          },
        },
        {
          type: "object",
          required: ["policy"],
          additionalProperties: false,
          properties: { policy: { enum: ["AlwaysSetInherited", "KeepOrSetInherited"] } },
        },
      ],
    },
  },
};
