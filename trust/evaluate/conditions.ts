import { TrustError } from "../errors";
import { COMPARISONS, type Comparison, isBoolean } from "./comparisons";
import { type Context, withoutTokens } from "./context";
import { type Check, newCheck } from "./explanation";
import { malformed, readConditionValues, readObject } from "./grammar";
import { hasVariables, unresolvedVariables } from "./variables";

/** One operator and one key of a statement's `Condition`, ready to be judged. */
export interface CompiledCondition {
  check(context: Context): Check;
}

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
