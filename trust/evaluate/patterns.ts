import type { Context } from "./context";

/** Judges one value. The request's keys are what policy variables stand for. */
export type Matcher = (value: string, context: Context) => boolean;

/** `*` stands for any characters, `?` for exactly one. */
export function wildcardMatcher(pattern: string): Matcher {
  if (pattern === "*") return () => true;
  const wild = pattern.search(/[*?]/);
  if (wild === -1) return (value) => value === pattern;
  if (wild === pattern.length - 1 && pattern.endsWith("*")) {
    const prefix = pattern.slice(0, -1);
    return (value) => value.startsWith(prefix);
  }
  const tokens = patternTokens(pattern);
  return (value) => matchesTokens(tokens, value);
}

export function ignoringCase(compile: (pattern: string) => Matcher): (pattern: string) => Matcher {
  return (pattern) => {
    const matcher = compile(pattern.toLowerCase());
    return (value, context) => matcher(value.toLowerCase(), context);
  };
}

/** Any characters; exactly one. Not texts, so that a `*` which a policy variable brought along stays a star. */
export const ANY = Symbol("*");
export const ONE = Symbol("?");

/** One character that must be there, or a wildcard. */
export type Token = string | typeof ANY | typeof ONE;

export function patternTokens(pattern: string): Token[] {
  return Array.from(pattern.split(""), (character) =>
    character === "*" ? ANY : character === "?" ? ONE : character,
  );
}

/**
 * Walks both strings once, returning to the last `*` on a mismatch: at worst length times length steps, where a
 * regular expression built from the pattern could take exponentially many.
 */
export function matchesTokens(pattern: readonly Token[], value: string): boolean {
  let p = 0;
  let v = 0;
  let star = -1;
  let resume = 0;
  while (v < value.length) {
    if (pattern[p] === ANY) {
      star = p++;
      resume = v;
    } else if (p < pattern.length && (pattern[p] === ONE || pattern[p] === value[v])) {
      p++;
      v++;
    } else if (star !== -1) {
      p = star + 1;
      v = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === ANY) p++;
  return p === pattern.length;
}

/** Partition, service, region, account and resource are told apart; the resource keeps its own colons. */
export const ARN_FIELDS = 6;

/** The fields of an ARN or ARN pattern, fewer than six when it is cut short. */
export function arnFields(arn: string): string[] {
  const parts = arn.split(":");
  return parts.length <= ARN_FIELDS
    ? parts
    : [...parts.slice(0, ARN_FIELDS - 1), parts.slice(ARN_FIELDS - 1).join(":")];
}

/**
 * `ArnLike`: each of the six fields on its own, so no wildcard reaches across a field's end.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function arnMatcher(pattern: string): Matcher {
  const fields = arnFields(pattern).map(wildcardMatcher);
  return (value, context) => {
    const parts = arnFields(value);
    return (
      parts.length === ARN_FIELDS && fields.every((matcher, index) => matcher(parts[index] ?? "", context))
    );
  };
}

/**
 * `Resource`: like `ArnLike`, with two differences that AWS documents. Missing fields count as `*`, and a `*` at
 * the end of a field may reach beyond the colon.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function resourceMatcher(pattern: string): Matcher {
  if (pattern === "*") return () => true;
  const fields = arnFields(pattern);
  while (fields.length < ARN_FIELDS) fields.push("*");
  const byField = arnMatcher(fields.join(":"));
  if (!fields.slice(0, -1).some((field) => field.endsWith("*"))) return byField;
  const whole = wildcardMatcher(fields.join(":"));
  return (value, context) => byField(value, context) || whole(value, context);
}
