import { TrustError } from "../errors";
import { type Context, withoutTokens } from "./context";
import { type Check, newCheck } from "./explanation";
import { malformed, readConditionValues, readObject } from "./grammar";
import { ARN_FIELDS, arnFields, arnMatcher, ignoringCase, type Matcher, wildcardMatcher } from "./patterns";

/** One operator and one key of a statement's `Condition`, ready to be judged. */
export interface CompiledCondition {
  check(context: Context): Check;
}

/** How an operator compares one value of the request with one of the policy. A new operator is one entry here. */
interface Comparison {
  readonly compile: (expected: string, where: string) => Matcher;
  /** True for the `Not` forms: none of the policy's values may match, and an absent key satisfies them. */
  readonly negated?: true;
}

const exact = (expected: string): Matcher => {
  return (value) => value === expected;
};

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: { compile: exact },
  StringNotEquals: { compile: exact, negated: true },
  StringEqualsIgnoreCase: { compile: ignoringCase(exact) },
  StringNotEqualsIgnoreCase: { compile: ignoringCase(exact), negated: true },
  StringLike: { compile: wildcardMatcher },
  StringNotLike: { compile: wildcardMatcher, negated: true },
  // AWS: the Equals and Like forms of the ARN operators behave identically.
  ArnEquals: { compile: arn },
  ArnLike: { compile: arn },
  ArnNotEquals: { compile: arn, negated: true },
  ArnNotLike: { compile: arn, negated: true },
  Bool: { compile: bool },
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
export function compileConditions(condition: unknown, where: string): CompiledCondition[] {
  return Object.entries(readObject(condition, where)).flatMap(([operator, keys]) =>
    Object.entries(readObject(keys, `${where}.${operator}`)).map(([key, value]) => {
      const place = `${where}.${operator}.${key}`;
      const expected = readConditionValues(value, place);
      return operator === "Null"
        ? compileNull(key, expected, place)
        : compileOperator(operator, key, expected, place);
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

function compileOperator(
  operator: string,
  key: string,
  expected: readonly string[],
  where: string,
): CompiledCondition {
  const { quantifier, ifExists, comparison } = parseOperator(operator, where);
  const matchers = expected.map((value) => comparison.compile(value, where));
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
      // Which of the policy's values decided: the one met, for a failing Not form the one that must not be met.
      let by: string | undefined;
      let matched = quantifier !== "any";
      for (const value of values) {
        const index = matchers.findIndex((matcher) => matcher(value));
        by ??= shownExpected[index];
        const holds = (index !== -1) !== negated;
        matched = quantifier === "any" ? matched || holds : matched && holds;
      }
      return newCheck({ operator, key, expected: shownExpected, actual: shown, matched }, { by });
    },
  };
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
