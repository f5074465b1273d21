import { TrustError } from "../errors";
import type { PolicyDocument, PolicyPrincipal, PolicyStatement } from "../policies/document";
import { type CompiledCondition, compileConditions } from "./conditions";
import { withoutTokens } from "./context";
import { allowOnly, malformed, many, parseJson, readObject, readPlainTexts, readTexts } from "./grammar";
import { ignoringCase, type Matcher, resourceMatcher, wildcardMatcher } from "./patterns";
import { type CompiledPrincipal, compilePrincipal } from "./principals";
import { hasVariables, variableArnMatcher } from "./variables";

/**
 * What a policy is used as, which decides its grammar. `identity` is also the grammar of session policies and
 * permissions boundaries.
 */
export type PolicyKind = "trust" | "identity" | "resource";

/** A document, its JSON text, or one compiled before. */
export type PolicyInput = PolicyDocument | string | CompiledPolicy;

export interface CompilePolicyArgs {
  readonly kind: PolicyKind;
  readonly document: PolicyDocument | string;
  /** What explanations and errors call it. @default "<kind> policy" */
  readonly name?: string;
}

/** An element with patterns, `Action` or `Resource` or one of their `Not` forms. */
export interface CompiledPatterns {
  readonly element: "Action" | "NotAction" | "Resource" | "NotResource";
  readonly negated: boolean;
  readonly expected: readonly string[];
  readonly matchers: readonly Matcher[];
}

export interface CompiledStatement {
  readonly index: number;
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  readonly principal?: CompiledPrincipal & { readonly element: "Principal" | "NotPrincipal" };
  readonly action: CompiledPatterns;
  readonly resource?: CompiledPatterns;
  readonly conditions: readonly CompiledCondition[];
}

/** A policy checked and made ready once, to be judged many times. Later changes to the document do not reach it. */
export class CompiledPolicy {
  readonly kind: PolicyKind;
  readonly name: string;
  readonly statements: readonly CompiledStatement[];

  constructor(kind: PolicyKind, name: string, statements: readonly CompiledStatement[]) {
    this.kind = kind;
    this.name = name;
    this.statements = statements;
  }
}

/**
 * Checks a policy document against IAM's grammar and makes it ready to be judged.
 *
 * @throws TrustError `ERR_TRUST_POLICY_MALFORMED`, `ERR_TRUST_OPERATOR_UNKNOWN`, `ERR_TRUST_VARIABLE_UNSUPPORTED`
 */
export function compilePolicy({
  kind,
  document,
  name = `${kind} policy`,
}: CompilePolicyArgs): CompiledPolicy {
  const policy = readObject(typeof document === "string" ? parseJson(document, name) : document, name);
  allowOnly(policy, ["Version", "Id", "Statement"], name);
  const { Version: version, Id: id, Statement: statement } = policy;
  if (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17") {
    throw malformed(`${name}: Version`, "expected 2012-10-17 or 2008-10-17");
  }
  if (id !== undefined && typeof id !== "string") throw malformed(`${name}: Id`, "expected text");
  if (statement === undefined) throw malformed(name, "expected a Statement");

  // AWS: in policies of the older version, `${…}` is text like any other.
  const resolvesVariables = version === "2012-10-17";
  const statements = many(statement).map((one, index) =>
    compileStatement(one, { index, kind, name, resolvesVariables }),
  );
  const sids = statements.flatMap(({ sid }) => (sid === undefined ? [] : [sid]));
  const twice = sids.find((sid, index) => sids.indexOf(sid) !== index);
  if (kind !== "resource" && twice !== undefined) {
    throw malformed(name, `the Sid ${twice} is there twice; IAM wants each once`);
  }
  return new CompiledPolicy(kind, name, statements);
}

/**
 * The compiled form of any policy input.
 *
 * @throws TrustError as `compilePolicy`, and `ERR_TRUST_POLICY_KIND`
 */
export function asCompiled(
  input: PolicyInput,
  kinds: readonly [PolicyKind, ...PolicyKind[]],
  name: string,
): CompiledPolicy {
  if (!(input instanceof CompiledPolicy)) return compilePolicy({ kind: kinds[0], document: input, name });
  if (kinds.includes(input.kind)) return input;
  throw new TrustError(
    "ERR_TRUST_POLICY_KIND",
    input.name,
    `compiled as ${input.kind} policy, used as ${kinds[0]} policy`,
  );
}

type RawStatement = { readonly [element in keyof PolicyStatement]?: unknown };

const ELEMENTS = ["Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"] as const;

interface StatementPlace {
  readonly index: number;
  readonly kind: PolicyKind;
  readonly name: string;
  readonly resolvesVariables: boolean;
}

function compileStatement(raw: unknown, place: StatementPlace): CompiledStatement {
  const { index, kind, name, resolvesVariables } = place;
  const where = `${name}: Statement[${index}]`;
  const statement: RawStatement = readObject(raw, where);
  allowOnly(statement, ["Sid", "Effect", "Condition", ...ELEMENTS], where);
  const { Sid: sid, Effect: effect, Condition: condition } = statement;
  if (sid !== undefined && typeof sid !== "string") throw malformed(`${where}.Sid`, "expected text");
  if (effect !== "Allow" && effect !== "Deny") throw malformed(`${where}.Effect`, "expected Allow or Deny");

  const isTrust = kind === "trust";
  const action = patternsIn(statement, "Action", where, (pattern, at) => actionMatcher(pattern, at, isTrust));
  if (isTrust && (statement.Resource !== undefined || statement.NotResource !== undefined)) {
    throw malformed(where, "a trust policy has no Resource: it is about its own role");
  }
  return {
    index,
    ...(sid !== undefined && { sid: withoutTokens(sid) }),
    effect,
    ...principalIn(statement, kind, effect, where),
    action,
    ...(!isTrust && {
      resource: patternsIn(statement, "Resource", where, (pattern, at) =>
        arnPatternMatcher(pattern, at, resolvesVariables),
      ),
    }),
    conditions:
      condition === undefined ? [] : compileConditions(condition, `${where}.Condition`, resolvesVariables),
  };
}

function principalIn(
  statement: RawStatement,
  kind: PolicyKind,
  effect: "Allow" | "Deny",
  where: string,
): Pick<CompiledStatement, "principal"> {
  const { Principal: names, NotPrincipal: others } = statement;
  if (kind === "identity") {
    if (names === undefined && others === undefined) return {};
    throw malformed(where, "the policy of an identity has no Principal: it is about whom it is attached to");
  }
  if (others !== undefined && (kind === "trust" || effect === "Allow")) {
    throw malformed(`${where}.NotPrincipal`, "only a Deny of a resource policy may have it");
  }
  const element = either(statement, "Principal", where);
  const place = `${where}.${element}`;
  const value = statement[element];
  const principal = value === "*" ? value : readObject(value, place);
  return { principal: { element, ...compilePrincipal(principal as PolicyPrincipal, place) } };
}

function patternsIn(
  statement: RawStatement,
  base: "Action" | "Resource",
  where: string,
  compile: (pattern: string, where: string) => Matcher,
): CompiledPatterns {
  const element = either(statement, base, where);
  const place = `${where}.${element}`;
  const read = base === "Action" ? readPlainTexts : readTexts;
  const expected = read(statement[element], place);
  const matchers = expected.map((pattern) => compile(pattern, place));
  return { element, negated: element !== base, expected: expected.map(withoutTokens), matchers };
}

function either<Base extends "Principal" | "Action" | "Resource">(
  statement: RawStatement,
  base: Base,
  where: string,
): Base | `Not${Base}` {
  const not = `Not${base}` as const;
  const [has, hasNot] = [statement[base] !== undefined, statement[not] !== undefined];
  if (has === hasNot) throw malformed(where, `expected ${base} or ${not}, and not both`);
  return has ? base : not;
}

const anyCase = ignoringCase(wildcardMatcher);

function actionMatcher(pattern: string, where: string, isTrust: boolean): Matcher {
  if (!/^(?:\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/.test(pattern)) {
    throw malformed(where, "expected * or service:Action, with * and ? only in the action");
  }
  if (isTrust && !/^sts:/i.test(pattern)) throw malformed(where, "a trust policy has only actions of sts");
  return anyCase(pattern);
}

function arnPatternMatcher(pattern: string, where: string, resolvesVariables: boolean): Matcher {
  // IAM: "Resource vendor must be fully qualified and cannot contain regexes".
  if (pattern !== "*" && !/^arn:[\w*?-]+:[a-z0-9-]+(?::|$)/.test(pattern)) {
    throw malformed(where, "expected * or an ARN, without * and ? in its service");
  }
  return resolvesVariables && hasVariables(pattern) ? variableArnMatcher(pattern) : resourceMatcher(pattern);
}
