// What SARIF 2.1.0 says of the parts that a log of ours has, restated from the standard's sections named below
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html). Members of the standard that no log of ours has are
// not allowed here, so a new one has to be looked up.

const message = {
  type: "object",
  properties: { text: { type: "string", minLength: 1 } },
  required: ["text"],
  additionalProperties: false,
} as const;

const level = { enum: ["none", "note", "warning", "error"] } as const;
const positive = { type: "integer", minimum: 1 } as const;

/** §3.49 */
const reportingDescriptor = {
  type: "object",
  properties: {
    id: { type: "string" },
    shortDescription: message,
    fullDescription: message,
    help: message,
    defaultConfiguration: { type: "object", properties: { level }, additionalProperties: false },
  },
  required: ["id"],
  additionalProperties: false,
} as const;

/** §3.28 to §3.30 and §3.33. A URI reference has no backslash and no blank. */
const location = {
  type: "object",
  properties: {
    physicalLocation: {
      type: "object",
      properties: {
        artifactLocation: {
          type: "object",
          properties: { uri: { type: "string", pattern: "^[^\\s\\\\]+$" } },
          required: ["uri"],
          additionalProperties: false,
        },
        region: {
          type: "object",
          properties: { startLine: positive, startColumn: positive, endLine: positive, endColumn: positive },
          required: ["startLine"],
          additionalProperties: false,
        },
      },
      required: ["artifactLocation"],
      additionalProperties: false,
    },
    logicalLocations: {
      type: "array",
      uniqueItems: true,
      items: {
        type: "object",
        properties: { fullyQualifiedName: { type: "string" }, kind: { type: "string" } },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
} as const;

/** §3.27 and §3.35 */
const result = {
  type: "object",
  properties: {
    ruleId: { type: "string" },
    ruleIndex: { type: "integer", minimum: -1 },
    level,
    message,
    locations: { type: "array", items: location },
    suppressions: {
      type: "array",
      uniqueItems: true,
      items: {
        type: "object",
        properties: { kind: { enum: ["inSource", "external"] }, justification: { type: "string" } },
        required: ["kind"],
        additionalProperties: false,
      },
    },
  },
  required: ["message"],
  additionalProperties: false,
} as const;

/** §3.13, §3.14, §3.18 and §3.19 */
export const sarifSchema = {
  type: "object",
  properties: {
    $schema: { type: "string" },
    version: { const: "2.1.0" },
    runs: {
      type: "array",
      items: {
        type: "object",
        properties: {
          tool: {
            type: "object",
            properties: {
              driver: {
                type: "object",
                properties: {
                  name: { type: "string" },
                  rules: { type: "array", uniqueItems: true, items: reportingDescriptor },
                },
                required: ["name"],
                additionalProperties: false,
              },
            },
            required: ["driver"],
            additionalProperties: false,
          },
          columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
          results: { type: "array", items: result },
        },
        required: ["tool"],
        additionalProperties: false,
      },
    },
  },
  required: ["version", "runs"],
  additionalProperties: false,
} as const;
