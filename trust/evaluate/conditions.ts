import { TrustError } from "../errors";
import { type Context, withoutTokens } from "./context";
import { type Check, newCheck } from "./explanation";
import { malformed, readConditionValues, readObject } from "./grammar";
import { ARN_FIELDS, arnFields, arnMatcher, ignoringCase, type Matcher, wildcardMatcher } from "./patterns";
import {
  hasVariables,
  unresolvedVariables,
  type VariableStyle,
  variableArnMatcher,
  variableMatcher,
} from "./variables";

/** One operator and one key of a statement's `Condition`, ready to be judged. */
export interface CompiledCondition {
  check(context: Context): Check;
}

/** How an operator compares one value of the request with one of the policy. A new operator is one entry here. */
interface Comparison {
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

const COMPARISONS: Readonly<Record<string, Comparison>> = {
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

/** `ForAnyValue:` and `ForAllValues:` are for keys that have a list; without one of them a key has one value. */
type Quantifier = "one" | "any" | "all";

const QUANTIFIERS: Readonly<Record<string, Quantifier>> = {
  "": "one",
  "ForAnyValue:": "any",
  "ForAllValues:": "all",
};

const IF_EXISTS = "IfExists";

interface Operator {
  readonly quantifier: Quantifier;
  readonly ifExists: boolean;
  readonly comparison: Comparison;
}

/**
 * Compiles a `Condition` block.
 *
 * @throws TrustError `ERR_TRUST_OPERATOR_UNKNOWN`, `ERR_TRUST_POLICY_MALFORMED`, `ERR_TRUST_VARIABLE_UNSUPPORTED`
 */
export function compileConditions(
  condition: unknown,
  where: string,
  resolvesVariables: boolean,
): CompiledCondition[] {
  return Object.entries(readObject(condition, where)).flatMap(([operator, keys]) =>
    Object.entries(readObject(keys, `${where}.${operator}`)).map(([key, value]) => {
      const place = `${where}.${operator}.${key}`;
      const expected = readConditionValues(value, place);
      return operator === "Null"
        ? compileNull(key, expected, place)
        : compileOperator({ operator, key, expected, where: place, resolvesVariables });
    }),
  );
}

function parseOperator(name: string, where: string): Operator {
  const [, prefix = "", rest = name] = /^(For\w+:)?(.*)$/.exec(name) ?? [];
  const ifExists = rest.endsWith(IF_EXISTS);
  const base = ifExists ? rest.slice(0, -IF_EXISTS.length) : rest;
  const quantifier = Object.hasOwn(QUANTIFIERS, prefix) ? QUANTIFIERS[prefix] : undefined;
  const comparison = Object.hasOwn(COMPARISONS, base) ? COMPARISONS[base] : undefined;
  if (quantifier === undefined || comparison === undefined) {
    const near = Object.keys(COMPARISONS).find((known) => known.toLowerCase() === base.toLowerCase());
    throw new TrustError(
      "ERR_TRUST_OPERATOR_UNKNOWN",
      where,
      near === undefined || near === base
        ? `this operator is not judged here; known are ${Object.keys(COMPARISONS).join(", ")}, Null`
        : `this operator is not known; it is spelt ${near}`,
    );
  }
  return { quantifier, ifExists, comparison };
}

/** `Null` asks whether the key is there at all; it takes neither `IfExists` nor a quantifier. */
function compileNull(key: string, expected: readonly string[], where: string): CompiledCondition {
  const wanted = expected.map((value) => {
    if (!isBoolean(value)) throw malformed(where, "expected true or false");
    return value.toLowerCase();
  });
  const name = key.toLowerCase();
  return {
    check: (context) => {
      const { shown } = context.get(name);
      const matched = wanted.includes(shown.length === 0 ? "true" : "false");
      return newCheck({ operator: "Null", key, expected, actual: shown, matched });
    },
  };
}

interface OperatorArgs {
  readonly operator: string;
  readonly key: string;
  readonly expected: readonly string[];
  readonly where: string;
  readonly resolvesVariables: boolean;
}

function compileOperator(args: OperatorArgs): CompiledCondition {
  const { operator, key, expected, where } = args;
  const { quantifier, ifExists, comparison } = parseOperator(operator, where);
  const variable = args.resolvesVariables ? expected.filter(hasVariables) : [];
  const matchers = expected.map((value) => {
    if (!variable.includes(value)) return comparison.compile(value, where);
    if (comparison.compileVariables !== undefined) return comparison.compileVariables(value);
    throw new TrustError(
      "ERR_TRUST_VARIABLE_UNSUPPORTED",
      where,
      "AWS resolves policy variables for string and ARN operators only",
    );
  });
  const negated = comparison.negated === true;
  const shownExpected = expected.map(withoutTokens);
  const name = key.toLowerCase();

  return {
    check: (context) => {
      const { values, shown, isList, note } = context.get(name);
      if (isAbsent(values, quantifier)) {
        const matched = ifExists || (quantifier === "one" ? negated : quantifier === "all");
        return newCheck({ operator, key, expected: shownExpected, actual: shown, matched }, { note });
      }
      if (quantifier === "one" && isList) {
        throw new TrustError(
          "ERR_TRUST_MULTIVALUED",
          where,
          "the key has a list of values, so the operator needs ForAnyValue: or ForAllValues:",
        );
      }
      const missing = variable.flatMap((value) => unresolvedVariables(value, context));
      if (missing.length > 0 && negated) {
        // What a variable stands for is unknown, so that the value differs from it cannot be said either.
        const note = describeMissing(missing);
        return newCheck({ operator, key, expected: shownExpected, actual: shown, matched: false }, { note });
      }
      // Which of the policy's values decided: the one met, for a failing Not form the one that must not be met.
      let by: string | undefined;
      let matched = quantifier !== "any";
      for (const value of values) {
        const index = matchers.findIndex((matcher) => matcher(value, context));
        by ??= shownExpected[index];
        const holds = (index !== -1) !== negated;
        matched = quantifier === "any" ? matched || holds : matched && holds;
      }
      return newCheck(
        { operator, key, expected: shownExpected, actual: shown, matched },
        {
          by,
          note: missing.length > 0 && !matched ? describeMissing(missing) : undefined,
        },
      );
    },
  };
}

function describeMissing(variables: readonly string[]): string {
  return `the request has no single value for ${withoutTokens([...new Set(variables)].join(", "))}`;
}

/** For the quantifiers AWS counts a key whose values are all empty as absent ("null dataset"). */
function isAbsent(actual: readonly string[], quantifier: Quantifier): boolean {
  return actual.length === 0 || (quantifier !== "one" && actual.every((value) => value === ""));
}

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

function isBoolean(value: string): boolean {
  return /^(?:true|false)$/i.test(value);
}
