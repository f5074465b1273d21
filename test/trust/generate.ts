import fc from "fast-check";
import type {
  PolicyCondition,
  PolicyDocument,
  PolicyPrincipal,
  PolicyStatement,
  RequestContext,
} from "../../trust/index";
import { ACCOUNT, OTHER_ACCOUNT, policy, READ, ROLE, ROOT, SECRET, SESSION } from "./support";

/** A whole question to `evaluateAccess`, small enough that its parts often meet. */
export interface Case {
  readonly identityPolicies: readonly PolicyDocument[];
  readonly resourcePolicy?: PolicyDocument;
  readonly permissionsBoundary?: PolicyDocument;
  readonly sessionPolicies?: readonly PolicyDocument[];
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
}

/** Keys that iam-simulate knows for the action, with values of their type. */
const TEXT = "aws:PrincipalTag/team";
const ARN = "aws:SourceArn";
const FLAG = "aws:SecureTransport";
const LIST = "aws:TagKeys";

const texts = fc.constantFrom("a", "b", "ab", "B", "abc");
const textPatterns = fc.constantFrom("a", "b", "a*", "?", "*b", "*", "a?c", "B", "*b*");
const arns = fc.constantFrom(
  `arn:aws:sns:us-east-1:${ACCOUNT}:orders`,
  `arn:aws:sns:eu-west-1:${ACCOUNT}:orders`,
  `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f:2`,
);
const arnPatterns = fc.oneof(
  arns,
  fc.constantFrom(
    `arn:aws:sns:*:${ACCOUNT}:ord*`,
    "arn:aws:*:us-east-?:*:*",
    `arn:aws:lambda:*:${OTHER_ACCOUNT}:*`,
    "arn:aws:lambda:*:*:function:*",
  ),
);

const someOf = (values: fc.Arbitrary<string>) => fc.array(values, { minLength: 1, maxLength: 3 });

const TEXT_OPERATORS = ["StringEquals", "StringEqualsIgnoreCase", "StringLike"];
const TEXT_NOT = ["StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike"];
const ARN_OPERATORS = ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"];

const withIfExists = (operators: readonly string[]) =>
  fc.constantFrom(...operators, ...operators.map((operator) => `${operator}IfExists`));

/** One operator on one key. `ForAnyValue:…IfExists` is left out: on an absent key AWS's page and the oracle differ. */
export const conditions: fc.Arbitrary<PolicyCondition> = fc
  .array(
    fc.oneof(
      fc.tuple(withIfExists([...TEXT_OPERATORS, ...TEXT_NOT]), fc.constant(TEXT), someOf(textPatterns)),
      fc.tuple(withIfExists(ARN_OPERATORS), fc.constant(ARN), someOf(arnPatterns)),
      fc.tuple(withIfExists(["Bool"]), fc.constant(FLAG), someOf(fc.constantFrom("true", "false", "True"))),
      fc.tuple(
        fc.constantFrom(
          ...[...TEXT_OPERATORS, ...TEXT_NOT].flatMap((name) => [
            `ForAnyValue:${name}`,
            `ForAllValues:${name}`,
          ]),
        ),
        fc.constant(LIST),
        someOf(textPatterns),
      ),
      fc.tuple(
        fc.constant("Null"),
        fc.constantFrom(TEXT, ARN, LIST),
        someOf(fc.constantFrom("true", "false")),
      ),
      // The names of keys have no case.
      fc.tuple(fc.constant("StringLike"), fc.constant(TEXT.toUpperCase()), someOf(textPatterns)),
    ),
    { maxLength: 2, size: "-1" },
  )
  .map((rows) => {
    const block: Record<string, Record<string, string[]>> = {};
    for (const [operator, key, values] of rows) block[operator] = { ...block[operator], [key]: values };
    return block;
  });

export const contexts: fc.Arbitrary<RequestContext> = fc.record(
  {
    [TEXT]: texts,
    [ARN]: arns,
    [FLAG]: fc.constantFrom("true", "false"),
    [LIST]: fc.array(texts, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const actions = fc.constantFrom<Partial<PolicyStatement>>(
  { Action: READ },
  { Action: "*" },
  { Action: "*" },
  { Action: ["secretsmanager:Get*", "s3:*"] },
  { Action: "SECRETSMANAGER:getsecretvalue" },
  { Action: "secretsmanager:Put*" },
  { NotAction: "s3:*" },
  { NotAction: ["secretsmanager:Get*"] },
);

const resources = fc.constantFrom<Partial<PolicyStatement>>(
  { Resource: "*" },
  { Resource: "*" },
  { Resource: "*" },
  { Resource: SECRET },
  { Resource: `arn:aws:secretsmanager:*:${ACCOUNT}:secret:app/*` },
  { Resource: [SECRET.replace("staging", "prod"), `${SECRET.slice(0, -6)}??????`] },
  { Resource: SECRET.replace("staging", "prod") },
  { NotResource: SECRET },
  { NotResource: SECRET.replace("staging", "prod") },
);

const principals = fc.constantFrom<PolicyPrincipal>(
  "*",
  { AWS: "*" },
  { AWS: [ROLE, SESSION] },
  { AWS: ROOT },
  { AWS: ACCOUNT },
  { AWS: ROLE },
  { AWS: SESSION },
  { AWS: [OTHER_ACCOUNT, ROLE] },
  { AWS: OTHER_ACCOUNT },
  { Service: "lambda.amazonaws.com" },
);

const effects = fc.constantFrom<"Allow" | "Deny">("Allow", "Allow", "Allow", "Allow", "Deny");

export const statements: fc.Arbitrary<PolicyStatement> = fc
  .record({ effect: effects, action: actions, resource: resources, condition: conditions })
  .map(({ effect, action, resource, condition }) => ({
    Effect: effect,
    ...action,
    ...resource,
    Condition: condition,
  }));

const documents = fc.array(statements, { minLength: 1, maxLength: 3 }).map((list) => policy(...list));

const resourceDocuments = fc
  .array(fc.tuple(statements, principals), { minLength: 1, maxLength: 3 })
  .map((list) => policy(...list.map(([statement, Principal]) => ({ ...statement, Principal }))));

const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 2, nil: undefined });

export const cases: fc.Arbitrary<Case> = fc.record({
  identityPolicies: fc.array(documents, { maxLength: 2 }),
  resourcePolicy: sometimes(resourceDocuments),
  permissionsBoundary: sometimes(documents),
  sessionPolicies: sometimes(documents.map((document) => [document])),
  action: fc.constantFrom(READ, READ, READ, "secretsmanager:PutSecretValue"),
  resource: fc.constantFrom(SECRET, SECRET, SECRET.replace(ACCOUNT, OTHER_ACCOUNT)),
  context: contexts,
});
