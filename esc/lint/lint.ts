import type { Finding } from "./finding";
import { importRules } from "./import-rules";
import { loginRules } from "./login-rules";
import { mergeRules } from "./merge-rules";
import type { Declared } from "./rule-context";
import { secretRules } from "./secret-rules";
import { shapeRules } from "./shape-rules";
import { type EnvironmentSource, ParsedEnvironment } from "./source";
import { lintStackFile, type StackFile } from "./stack-file-rules";
import { useRules } from "./use-rules";
import { World } from "./world";

export interface LintInput {
  /** Those to look at. */
  readonly environments: readonly EnvironmentSource[];
  /** Definitions that they import, and that nothing is said about. */
  readonly imports?: readonly EnvironmentSource[];
  readonly stackFiles?: readonly StackFile[];
  /** What a program declares. Without it, the rules that compare with it say nothing. */
  readonly declared?: Declared | undefined;
}

const RULES_OF_ENVIRONMENTS = [
  ...shapeRules,
  ...secretRules,
  ...mergeRules,
  ...importRules,
  ...loginRules,
  ...useRules,
];

/**
 * Looks for mistakes that Pulumi's evaluator lets pass, or tells too little about: rules E01 to E21. Nothing is
 * evaluated.
 *
 * @returns in the order of the input, then of the text. No finding repeats a value.
 */
export function lintEnvironments({
  environments,
  imports = [],
  stackFiles = [],
  declared,
}: LintInput): Finding[] {
  const own = environments.map((source) => new ParsedEnvironment(source));
  const names = new Set(environments.map(({ name }) => name));
  const others = imports
    .filter(({ name }) => !names.has(name))
    .map((source) => new ParsedEnvironment(source));
  const world = new World([...others, ...own]);
  return [
    ...own.flatMap((environment) =>
      RULES_OF_ENVIRONMENTS.flatMap((rule) => rule({ environment, world, declared }))
        .filter(isFirst)
        .map((finding) => accept(finding, environment.source.yaml))
        .sort(byPosition),
    ),
    ...stackFiles.flatMap((file) =>
      lintStackFile(file, world, declared).map((finding) => accept(finding, file.yaml)),
    ),
  ];
}

export function byPosition({ region: a }: Finding, { region: b }: Finding): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

/** An access that leads through another environment can be met from two sides. */
function isFirst(finding: Finding, position: number, all: readonly Finding[]): boolean {
  const text = JSON.stringify(finding);
  return all.findIndex((other) => JSON.stringify(other) === text) === position;
}

const ACCEPTED = /#\s*check:\s*accept\s+(E\d\d),?\s+(\S.*?)\s*$/;

/** `# check: accept E13 because …`, at the end of the line or in the line above. */
export function accept(finding: Finding, yaml: string): Finding {
  const lines = yaml.split("\n");
  const at = (finding.region?.line ?? 1) - 1;
  const above = lines[at - 1]?.trimStart().startsWith("#") ? lines[at - 1] : "";
  for (const line of [lines[at], above]) {
    const [, rule, reason] = ACCEPTED.exec(line ?? "") ?? [];
    if (rule === finding.rule && reason !== undefined) return { ...finding, accepted: { reason } };
  }
  return finding;
}
