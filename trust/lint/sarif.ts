import type { Finding } from "./finding";
import { RULES, type RuleId, type Severity } from "./rules";

const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
};

/**
 * Findings as a SARIF 2.1.0 log, which GitHub's code scanning takes.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function toSarif(findings: readonly Finding[]): object {
  const ids = Object.keys(RULES) as RuleId[];
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "escapement trust lint",
            rules: ids.map((id) => ({
              id,
              shortDescription: { text: RULES[id].title },
              fullDescription: { text: RULES[id].why },
              help: { text: RULES[id].fix },
              defaultConfiguration: { level: LEVELS[RULES[id].severity] },
            })),
          },
        },
        results: findings.map((finding) => toResult(finding, ids.indexOf(finding.rule))),
      },
    ],
  };
}

function toResult({ rule, severity, place, on, path, message, fix, suppressed }: Finding, ruleIndex: number) {
  const { file, line, urn } = place;
  return {
    ruleId: rule,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: `${on}: ${message}. ${fix}` },
    locations: [
      {
        // Code scanning shows only what has a file: a resource that says none is the program's.
        physicalLocation: {
          artifactLocation: { uri: file ?? "Pulumi.yaml" },
          region: { startLine: line ?? 1 },
        },
        logicalLocations: [
          { fullyQualifiedName: [urn ?? place.text, path].filter(Boolean).join("#"), kind: "resource" },
        ],
      },
    ],
    ...(suppressed && { suppressions: [{ kind: "external", justification: suppressed.reason }] }),
  };
}
