import { malformed } from "./grammar";
import { ARN_FIELDS, arnFields, arnMatcher, ignoringCase, type Matcher, wildcardMatcher } from "./patterns";
import { type VariableStyle, variableArnMatcher, variableMatcher } from "./variables";

/** How an operator compares one value of the request with one of the policy. A new operator is one entry here. */
export interface Comparison {
  readonly compile: (expected: string, where: string) => Matcher;
  /** The same for a value with policy variables; without it, AWS resolves none for this operator. */
  readonly compileVariables?: (expected: string) => Matcher;
  /** True for the `Not` forms: none of the policy's values may match, and an absent key satisfies them. */
  readonly negated?: true;
}

const exact = (expected: string): Matcher => {
  return (value) => value === expected;
};

const text: Comparison = { compile: exact, compileVariables: variables({ wild: false }) };
const textIgnoringCase: Comparison = {
  compile: ignoringCase(exact),
  compileVariables: variables({ wild: false, ignoreCase: true }),
};
const like: Comparison = { compile: wildcardMatcher, compileVariables: variables({ wild: true }) };
const arnLike: Comparison = { compile: arn, compileVariables: variableArnMatcher };

function variables(style: VariableStyle): (expected: string) => Matcher {
  return (expected) => variableMatcher(expected, style);
}

/** How the value of the request must stand to the policy's. */
type Relation = (actual: number, expected: number) => boolean;

const RELATIONS: Readonly<Record<string, Relation>> = {
  Equals: (actual, expected) => actual === expected,
  LessThan: (actual, expected) => actual < expected,
  LessThanEquals: (actual, expected) => actual <= expected,
  GreaterThan: (actual, expected) => actual > expected,
  GreaterThanEquals: (actual, expected) => actual >= expected,
};

/** `NumericEquals`, `NumericLessThan`, … for what can be read as a number. */
function ordered(prefix: string, read: (text: string) => number, what: string): Record<string, Comparison> {
  const comparisons = Object.entries(RELATIONS).map(([name, holds]): [string, Comparison] => [
    `${prefix}${name}`,
    {
      compile: (expected, where) => {
        const wanted = read(expected);
        if (Number.isNaN(wanted)) throw malformed(where, `expected ${what}`);
        // A value of the request that is none satisfies nothing: every relation to NaN is false.
        return (value) => holds(read(value), wanted);
      },
    },
  ]);
  const equals = Object.fromEntries(comparisons)[`${prefix}Equals`] as Comparison;
  return { ...Object.fromEntries(comparisons), [`${prefix}NotEquals`]: { ...equals, negated: true } };
}

function readNumber(text: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * Milliseconds since 1970. AWS takes dates as in the W3C's note on ISO 8601, and whole seconds since 1970.
 * @see https://www.w3.org/TR/NOTE-datetime
 */
function readDate(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const form = /^\d{4}-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?$/;
  return form.test(text) ? Date.parse(text) : Number.NaN;
}

/** By the operator's name without prefix and suffix. */
export const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: text,
  StringNotEquals: { ...text, negated: true },
  StringEqualsIgnoreCase: textIgnoringCase,
  StringNotEqualsIgnoreCase: { ...textIgnoringCase, negated: true },
  StringLike: like,
  StringNotLike: { ...like, negated: true },
  // AWS: the Equals and Like forms of the ARN operators behave identically.
  ArnEquals: arnLike,
  ArnLike: arnLike,
  ArnNotEquals: { ...arnLike, negated: true },
  ArnNotLike: { ...arnLike, negated: true },
  Bool: { compile: bool },
  ...ordered("Numeric", readNumber, "a number"),
  ...ordered("Date", readDate, "a date (2026-07-15T00:00:00Z) or seconds since 1970"),
};

function arn(expected: string, where: string): Matcher {
  if (!expected.startsWith("arn:") || arnFields(expected).length < ARN_FIELDS) {
    throw malformed(where, "expected an ARN of six parts, each may hold * and ?");
  }
  return arnMatcher(expected);
}

function bool(expected: string, where: string): Matcher {
  if (!isBoolean(expected)) throw malformed(where, "expected true or false");
  return ignoringCase(exact)(expected);
}

export function isBoolean(value: string): boolean {
  return /^(?:true|false)$/i.test(value);
}
