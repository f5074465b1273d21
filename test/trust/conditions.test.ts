// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are spelt so
import assert from "node:assert/strict";
import { type RequestContext, TrustError, type TrustErrorCode } from "../../trust/index";
import { holds } from "./support";

const KEY = "aws:PrincipalTag/team";
const LIST = "aws:TagKeys";
const ARN = "aws:SourceArn";
const TOPIC = "arn:aws:sns:us-east-1:123456789012:orders";
const NUMBER = "aws:MultiFactorAuthAge";
const DATE = "aws:CurrentTime";

type Values = string | number | boolean | readonly string[];

/** Operator, the policy's values, the request's (absent where undefined), and whether the condition holds. */
type Row = readonly [
  operator: string,
  key: string,
  expected: Values,
  actual: Values | undefined,
  holds: boolean,
];

const TABLE: readonly Row[] = [
  ["StringEquals", KEY, "a", "a", true],
  ["StringEquals", KEY, "a", "A", false],
  ["StringEquals", KEY, ["a", "b"], "b", true],
  ["StringEquals", KEY, ["a", "b"], "c", false],
  ["StringEquals", KEY, "a*", "a*", true],
  ["StringEquals", KEY, "a*", "ab", false],
  ["StringEquals", KEY, "", "", true],
  ["StringEquals", KEY, 7, "7", true],
  ["StringEquals", KEY, "7", 7, true],
  ["StringEquals", KEY, "a", undefined, false],
  ["StringNotEquals", KEY, "a", "b", true],
  ["StringNotEquals", KEY, "a", "a", false],
  ["StringNotEquals", KEY, ["a", "b"], "b", false],
  ["StringNotEquals", KEY, ["a", "b"], "c", true],
  ["StringNotEquals", KEY, "a", undefined, true],
  ["StringEqualsIgnoreCase", KEY, "aB", "Ab", true],
  ["StringEqualsIgnoreCase", KEY, "aB", "ac", false],
  ["StringEqualsIgnoreCase", KEY, "a", undefined, false],
  ["StringNotEqualsIgnoreCase", KEY, "aB", "Ab", false],
  ["StringNotEqualsIgnoreCase", KEY, "aB", "ac", true],
  ["StringNotEqualsIgnoreCase", KEY, "a", undefined, true],
  ["StringLike", KEY, "a*c", "abbc", true],
  ["StringLike", KEY, "a*c", "ac", true],
  ["StringLike", KEY, "a*c", "acd", false],
  ["StringLike", KEY, "a?c", "abc", true],
  ["StringLike", KEY, "a?c", "ac", false],
  ["StringLike", KEY, "a?c", "abbc", false],
  ["StringLike", KEY, "*a*b*", "xxayybzz", true],
  ["StringLike", KEY, "*a*b*", "xxbyyazz", false],
  ["StringLike", KEY, "*", "", true],
  ["StringLike", KEY, "A*", "abc", false],
  ["StringLike", KEY, "a.c", "abc", false],
  ["StringLike", KEY, "repo:o/*", "repo:o/r:ref", true],
  ["StringLike", KEY, "repo:o/*", "repo:o2/r:ref", false],
  ["StringLike", KEY, "*", undefined, false],
  ["StringNotLike", KEY, "a*", "abc", false],
  ["StringNotLike", KEY, "a*", "b", true],
  ["StringNotLike", KEY, "*", undefined, true],
  ["ArnLike", ARN, "arn:aws:sns:*:123456789012:ord*", TOPIC, true],
  ["ArnLike", ARN, "arn:aws:sns:*:*:*", TOPIC, true],
  ["ArnLike", ARN, "arn:aws:sns:us-east-?:123456789012:orders", TOPIC, true],
  ["ArnLike", ARN, "arn:aws:sns:*:999999999999:orders", TOPIC, false],
  ["ArnLike", ARN, "arn:aws:*:orders:*:*", TOPIC, false],
  ["ArnLike", ARN, "arn:aws:sns:us-east-1:123456789012:Orders", TOPIC, false],
  ["ArnLike", ARN, "arn:aws:lambda:*:*:function:*", "arn:aws:lambda:us-east-1:1:function:f:2", true],
  ["ArnLike", ARN, "arn:aws:sns:*:*:*", "orders", false],
  ["ArnLike", ARN, "arn:aws:sns:*:*:*", "arn:aws:sns", false],
  ["ArnLike", ARN, "arn:aws:sns:*:*:*", undefined, false],
  ["ArnEquals", ARN, "arn:aws:sns:*:123456789012:ord*", TOPIC, true],
  ["ArnEquals", ARN, "arn:aws:sns:*:123456789012:bills", TOPIC, false],
  ["ArnNotLike", ARN, "arn:aws:sns:*:*:ord*", TOPIC, false],
  ["ArnNotLike", ARN, "arn:aws:sns:*:*:bills", TOPIC, true],
  ["ArnNotLike", ARN, "arn:aws:sns:*:*:*", undefined, true],
  ["ArnNotEquals", ARN, TOPIC, TOPIC, false],
  ["ArnNotEquals", ARN, TOPIC, `${TOPIC}2`, true],
  ["Bool", "aws:SecureTransport", "true", true, true],
  ["Bool", "aws:SecureTransport", true, "true", true],
  ["Bool", "aws:SecureTransport", "TRUE", "True", true],
  ["Bool", "aws:SecureTransport", "false", "true", false],
  ["Bool", "aws:SecureTransport", ["true", "false"], "false", true],
  ["Bool", "aws:SecureTransport", "true", "yes", false],
  ["Bool", "aws:SecureTransport", "false", undefined, false],
  ["Null", KEY, "true", undefined, true],
  ["Null", KEY, true, "a", false],
  ["Null", KEY, "false", "a", true],
  ["Null", KEY, "false", "", true],
  ["Null", KEY, "False", undefined, false],
  ["Null", KEY, ["true", "false"], "a", true],
  ["Null", LIST, "true", [], true],
  ["Null", LIST, "false", ["a"], true],
  ["NumericEquals", NUMBER, "7200", "7200", true],
  ["NumericEquals", NUMBER, 7200, 7200, true],
  ["NumericEquals", NUMBER, "7200.0", "7200", true],
  ["NumericEquals", NUMBER, "7200", "7201", false],
  ["NumericEquals", NUMBER, ["1", "2"], "2", true],
  ["NumericEquals", NUMBER, "1", "one", false],
  ["NumericEquals", NUMBER, "1", undefined, false],
  ["NumericNotEquals", NUMBER, "1", "2", true],
  ["NumericNotEquals", NUMBER, ["1", "2"], "2", false],
  ["NumericNotEquals", NUMBER, "1", undefined, true],
  ["NumericLessThan", NUMBER, "10", "9", true],
  ["NumericLessThan", NUMBER, "10", "10", false],
  ["NumericLessThan", NUMBER, "10", "-10.5", true],
  ["NumericLessThan", NUMBER, "10", "", false],
  ["NumericLessThanEquals", NUMBER, "10", "10", true],
  ["NumericLessThanEquals", NUMBER, "10", "10.01", false],
  ["NumericGreaterThan", NUMBER, "10", "10.01", true],
  ["NumericGreaterThan", NUMBER, "10", "10", false],
  ["NumericGreaterThanEquals", NUMBER, "10", "10", true],
  ["NumericGreaterThanEquals", NUMBER, "10", "9", false],
  ["NumericLessThanIfExists", NUMBER, "10", undefined, true],
  ["NumericLessThanIfExists", NUMBER, "10", "11", false],
  ["ForAnyValue:NumericLessThan", NUMBER, "10", ["11", "9"], true],
  ["ForAllValues:NumericLessThan", NUMBER, "10", ["11", "9"], false],
  ["DateEquals", DATE, "2026-07-15T00:00:00Z", "2026-07-15T02:00:00+02:00", true],
  ["DateEquals", DATE, "2026-07-15", "2026-07-15T00:00:00Z", true],
  ["DateEquals", DATE, "1784073600", "2026-07-15T00:00:00Z", true],
  ["DateEquals", DATE, "2026-07-15T00:00:00Z", "yesterday", false],
  ["DateNotEquals", DATE, "2026-07-15", "2026-07-16", true],
  ["DateNotEquals", DATE, "2026-07-15", "2026-07-15", false],
  ["DateNotEquals", DATE, "2026-07-15", undefined, true],
  ["DateLessThan", DATE, "2026-07-15T00:00:00Z", "2026-07-14T23:59:59Z", true],
  ["DateLessThan", DATE, "2026-07-15T00:00:00Z", "2026-07-15T00:00:00Z", false],
  ["DateLessThanEquals", DATE, "2026-07-15T00:00:00Z", "2026-07-15T00:00:00Z", true],
  ["DateGreaterThan", DATE, "2026-07-15T00:00:00Z", "2026-07-15T00:00:00.5Z", true],
  ["DateGreaterThan", DATE, "2026-07-15T00:00:00Z", undefined, false],
  ["DateGreaterThanEquals", DATE, "2026-07-15T00:00:00Z", "1784073600", true],
  ["DateGreaterThanEquals", DATE, "2026-07-15T00:00:00Z", "1784073599", false],
  ["DateGreaterThanIfExists", DATE, "2026-07-15", undefined, true],
  ["StringEquals", KEY, "${aws:username}", "ada", true],
  ["StringEquals", KEY, "${AWS:UserName}", "ada", true],
  ["StringEquals", KEY, "${aws:username}x", "adax", true],
  ["StringEquals", KEY, "${aws:username}", "bob", false],
  ["StringEquals", KEY, "${aws:username}", "${aws:username}", false],
  ["StringEquals", KEY, "${aws:userid}", "ada", false],
  ["StringEquals", KEY, "${aws:userid}", "${aws:userid}", false],
  ["StringEquals", KEY, "${aws:userid, 'none'}", "none", true],
  ["StringEquals", KEY, "${aws:username, 'none'}", "none", false],
  ["StringEquals", KEY, ["${aws:userid}", "b"], "b", true],
  ["StringEquals", KEY, "${aws:PrincipalTag/star}", "anything", false],
  ["StringLike", KEY, "${aws:PrincipalTag/star}", "anything", false],
  ["StringLike", KEY, "${aws:PrincipalTag/star}", "*", true],
  ["StringLike", KEY, "${aws:username}-*", "ada-1", true],
  ["StringLike", KEY, "a${*}", "a*", true],
  ["StringLike", KEY, "a${*}", "ab", false],
  ["StringLike", KEY, "a${?}${$}", "a?$", true],
  ["StringLike", KEY, "a${?}", "ab", false],
  ["StringNotEquals", KEY, "${aws:username}", "bob", true],
  ["StringNotEquals", KEY, "${aws:username}", "ada", false],
  // What the variable stands for is not known, so nothing can be said to differ from it.
  ["StringNotEquals", KEY, "${aws:userid}", "bob", false],
  ["StringEqualsIgnoreCase", KEY, "${aws:username}X", "ADAx", true],
  ["StringNotLike", KEY, "${aws:username}*", "adam", false],
  ["StringEquals", KEY, "${aws:TagKeys}", "x", false],
  [
    "ArnLike",
    ARN,
    "arn:aws:sns:*:123456789012:${aws:username}",
    "arn:aws:sns:us-east-1:123456789012:ada",
    true,
  ],
  [
    "ArnLike",
    ARN,
    "arn:aws:sns:*:123456789012:${aws:username}",
    "arn:aws:sns:us-east-1:123456789012:bob",
    false,
  ],
  ["StringEqualsIfExists", KEY, "a", undefined, true],
  ["StringEqualsIfExists", KEY, "a", "a", true],
  ["StringEqualsIfExists", KEY, "a", "b", false],
  ["StringLikeIfExists", KEY, "a*", undefined, true],
  ["StringNotEqualsIfExists", KEY, "a", "a", false],
  ["ArnLikeIfExists", ARN, TOPIC, undefined, true],
  ["BoolIfExists", "aws:SecureTransport", "true", undefined, true],
  ["BoolIfExists", "aws:SecureTransport", "true", "false", false],
  ["ForAnyValue:StringEquals", LIST, ["a", "b"], ["x", "b"], true],
  ["ForAnyValue:StringEquals", LIST, ["a", "b"], ["x", "y"], false],
  ["ForAnyValue:StringEquals", LIST, ["a", "b"], "a", true],
  ["ForAnyValue:StringEquals", LIST, "a", undefined, false],
  ["ForAnyValue:StringEquals", LIST, "a", [], false],
  ["ForAnyValue:StringLike", LIST, "a*", ["x", "ab"], true],
  ["ForAnyValue:StringNotEquals", LIST, ["a", "b"], ["a", "c"], true],
  ["ForAnyValue:StringNotEquals", LIST, ["a", "b"], ["a", "b"], false],
  ["ForAnyValue:StringNotEquals", LIST, "a", undefined, false],
  ["ForAnyValue:StringEqualsIfExists", LIST, "a", undefined, true],
  ["ForAllValues:StringEquals", LIST, ["a", "b"], ["a", "b", "a"], true],
  ["ForAllValues:StringEquals", LIST, ["a", "b"], ["a", "c"], false],
  ["ForAllValues:StringEquals", LIST, "a", undefined, true],
  ["ForAllValues:StringEquals", LIST, "a", [], true],
  // AWS: "or if the context key value resolves to a null dataset, such as an empty string".
  ["ForAllValues:StringEquals", LIST, "a", [""], true],
  ["ForAllValues:StringLike", LIST, "a*", ["ab", "b"], false],
  ["ForAllValues:StringNotEquals", LIST, ["a", "b"], ["c", "d"], true],
  ["ForAllValues:StringNotEquals", LIST, ["a", "b"], ["c", "b"], false],
  ["ForAllValues:StringNotEquals", LIST, "a", undefined, true],
];

const UNKNOWN = [
  "NumericLike",
  "DateEqualsOrSo",
  "numericEquals",
  "IpAddress",
  "NotIpAddress",
  "BinaryEquals",
  "StringMatches",
  "stringEquals",
  "StringEqualsIfExistsIfExists",
  "StringEqualsifexists",
  "ForSomeValue:StringEquals",
  "forAllValues:StringEquals",
  "ForAllValues:ForAnyValue:StringEquals",
  "ForAnyValue:Null",
  "NullIfExists",
  "IfExists",
  "toString",
  "constructor",
  "__proto__x",
  "",
];

function refuses(code: TrustErrorCode, where: RegExp, condition: object, context: RequestContext = {}): void {
  assert.throws(
    () => holds(condition as Parameters<typeof holds>[0], context),
    (error) => error instanceof TrustError && error.code === code && where.test(error.message),
  );
}

describe("A condition", () => {
  for (const [operator, key, expected, actual, outcome] of TABLE) {
    const text = `${operator} ${JSON.stringify(expected)} ${outcome ? "accepts" : "refuses"}`;
    it(`${text} ${actual === undefined ? "an absent key" : JSON.stringify(actual)}`, () => {
      // What policy variables stand for.
      const variables = { "aws:username": "ada", "aws:PrincipalTag/star": "*", [LIST]: ["x"] };
      assert.equal(holds({ [operator]: { [key]: expected } }, { ...variables, [key]: actual }), outcome);
    });
  }

  it("needs every operator and every key", () => {
    const condition = {
      StringEquals: { [KEY]: "a", "aws:SourceVpc": "v" },
      Bool: { "aws:SecureTransport": "true" },
    };
    const context = { [KEY]: "a", "aws:SourceVpc": "v", "aws:SecureTransport": true };
    assert.equal(holds(condition, context), true);
    assert.equal(holds(condition, { ...context, "aws:SourceVpc": "w" }), false);
    assert.equal(holds(condition, { ...context, "aws:SecureTransport": false }), false);
  });

  it("compares the names of keys without case", () => {
    assert.equal(holds({ StringEquals: { "AWS:principaltag/TEAM": "a" } }, { [KEY]: "a" }), true);
    assert.equal(holds({ StringEquals: { "AWS:principaltag/TEAM": "a" } }, { [KEY]: "b" }), false);
  });

  for (const operator of UNKNOWN) {
    it(`with the operator "${operator}" is an error, never an answer`, () => {
      refuses("ERR_TRUST_OPERATOR_UNKNOWN", /Statement\[0\]\.Condition/, { [operator]: { [KEY]: "a" } });
      refuses("ERR_TRUST_OPERATOR_UNKNOWN", /Condition/, { [operator]: { [KEY]: "a" } }, { [KEY]: "a" });
    });
  }

  it("says how a known operator is spelt", () => {
    refuses("ERR_TRUST_OPERATOR_UNKNOWN", /it is spelt StringEquals/, { stringequals: { [KEY]: "a" } });
  });

  it("with a policy variable is an error where AWS resolves none", () => {
    const variable = `\${aws:username}`;
    for (const operator of ["Bool", "NumericEquals", "DateLessThan"]) {
      refuses("ERR_TRUST_VARIABLE_UNSUPPORTED", /Condition/, { [operator]: { [KEY]: variable } });
    }
  });

  it("on a list needs ForAnyValue or ForAllValues", () => {
    for (const operator of ["StringEquals", "StringNotEquals", "StringEqualsIfExists"]) {
      refuses("ERR_TRUST_MULTIVALUED", /TagKeys/, { [operator]: { [LIST]: "a" } }, { [LIST]: ["a"] });
    }
  });

  it("with values that its operator cannot compare is an error", () => {
    const malformed = "ERR_TRUST_POLICY_MALFORMED";
    refuses(malformed, /Bool/, { Bool: { [KEY]: "yes" } });
    refuses(malformed, /NumericEquals/, { NumericEquals: { [KEY]: "1h" } });
    refuses(malformed, /DateLessThan/, { DateLessThan: { [KEY]: "next week" } });
    refuses(malformed, /Null/, { Null: { [KEY]: "maybe" } });
    refuses(malformed, /ArnLike/, { ArnLike: { [ARN]: "*" } });
    refuses(malformed, /StringEquals/, { StringEquals: { [KEY]: [] } });
    refuses(malformed, /StringEquals/, { StringEquals: { [KEY]: null } });
    refuses(malformed, /StringEquals/, { StringEquals: { [KEY]: [["a"]] } });
    refuses(malformed, /StringEquals/, { StringEquals: "a" });
  });
});
