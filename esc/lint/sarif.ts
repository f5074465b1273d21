import type { Finding } from "./finding";
import { placeOf } from "./render";
import { RULES, type RuleId } from "./rules";

/** Where code scanning shows what a program would write: it shows only what has a file. */
const NO_FILE = "Pulumi.yaml";

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
            name: "escapement check",
            rules: ids.map((id) => ({
              id,
              shortDescription: { text: RULES[id].title },
              fullDescription: { text: RULES[id].why },
              help: { text: RULES[id].fix },
              defaultConfiguration: { level: RULES[id].severity },
            })),
          },
        },
        // As JavaScript counts, and yaml's positions do.
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) => toResult(finding, ids.indexOf(finding.rule))),
      },
    ],
  };
}

function toResult(finding: Finding, ruleIndex: number) {
  const { rule, severity, on, file, region, message, fix, accepted } = finding;
  return {
    ruleId: rule,
    ruleIndex,
    level: severity,
    message: { text: `${file === undefined ? `${placeOf(finding)}: ` : ""}${message}. ${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: file === undefined ? NO_FILE : toUri(file) },
          // Code scanning wants a line, also of what is only rendered.
          region: file !== undefined && region ? toRegion(region) : { startLine: 1 },
        },
        logicalLocations: [{ fullyQualifiedName: on, kind: "namespace" }],
      },
    ],
    ...(accepted && { suppressions: [{ kind: "inSource", justification: accepted.reason }] }),
  };
}

function toRegion({ line, column, endLine, endColumn }: NonNullable<Finding["region"]>) {
  return { startLine: line, startColumn: column, endLine, endColumn };
}

/** A relative reference, as paths of a repository are. */
function toUri(file: string): string {
  return file.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/");
}
