import { placeholderContext } from "../definition/index";
import { check, EvaluatorError, type EvaluatorErrorCode } from "../evaluator/index";
import type { Diagnostic } from "../evaluator/types";
import { providerCatalogue, rotatorCatalogue } from "../providers/catalogue";
import { type Finding, newFinding } from "./finding";
import { accept, byPosition, type LintInput, lintEnvironments } from "./lint";
import type { RuleId } from "./rules";
import type { EnvironmentSource } from "./source";
import { withoutVersion } from "./world";

/** What a definition does to the evaluator, rather than what its machine does. */
const BREAKS_A_LIMIT: readonly EvaluatorErrorCode[] = [
  "ERR_ESC_TOO_LARGE",
  "ERR_ESC_TOO_DEEP",
  "ERR_ESC_RESULT_TOO_LARGE",
  "ERR_ESC_OUT_OF_MEMORY",
  "ERR_ESC_TIMEOUT",
  "ERR_ESC_PANIC",
];

/** Rules that say more of what the evaluator finds in the same place. */
const SAY_MORE: readonly RuleId[] = ["E01", "E16", "E17", "E18"];

/**
 * Checks environments as Pulumi ESC does when they are saved, and by rules E01 to E21 besides. Nothing is opened, no
 * provider is called.
 *
 * @throws EvaluatorError when the evaluator is not there (`ERR_ESC_UNAVAILABLE`), went down or was aborted. That a
 * definition breaks a limit is a finding.
 */
export async function checkEnvironments(
  input: LintInput & { readonly signal?: AbortSignal },
): Promise<Finding[]> {
  const { environments, imports = [], signal } = input;
  const linted = lintEnvironments(input);
  const all = [...imports, ...environments];
  const names = environments.map(({ name }) => name);
  const perEnvironment = await Promise.all(
    environments.map(async (source): Promise<Finding[]> => {
      const own = linted.filter(({ on, file }) => on === source.name && file === source.file);
      const diagnostics = await evaluate(source, all, signal).catch(limitBroken);
      const found = diagnostics
        // What is wrong in an import is told where that is looked at.
        .filter(({ range }) => !isOf(range?.environment, names) || range?.environment === source.name)
        .map((diagnostic) => toFinding(source, diagnostic, all))
        .filter((finding) => !own.some((other) => SAY_MORE.includes(other.rule) && covers(other, finding)))
        .map((finding) => (finding.on === source.name ? accept(finding, source.yaml) : finding));
      return [...own, ...found].sort(byPosition);
    }),
  );
  const stackFiles = linted.filter(({ on }) => !names.includes(on));
  return [...perEnvironment.flat(), ...stackFiles];
}

async function evaluate(
  { name, yaml }: EnvironmentSource,
  all: readonly EnvironmentSource[],
  signal: AbortSignal | undefined,
): Promise<readonly Diagnostic[]> {
  let complete = true;
  const { diagnostics } = await check({
    name,
    yaml,
    providers: providerCatalogue,
    rotators: rotatorCatalogue,
    context: placeholderContext,
    ...(signal && { signal }),
    // What is stored encrypted stays so: a check knows that it is secret, and no more.
    decrypter: { decrypt: async () => new Uint8Array() },
    loadEnvironment: async (wanted) => {
      const found =
        all.find((each) => each.name === wanted) ?? all.find((each) => each.name === withoutVersion(wanted));
      if (found === undefined) {
        complete = false;
        throw new Error(
          `there is no file of the environment ${wanted} here: give it as well, for references into it are not looked at`,
        );
      }
      return { yaml: found.yaml, decrypter: { decrypt: async () => new Uint8Array() } };
    },
  });
  // What is not there may be in what is not at hand.
  return complete
    ? diagnostics
    : diagnostics.filter(({ summary }) => !summary.startsWith("unknown property "));
}

function limitBroken(error: unknown): readonly Diagnostic[] {
  if (!(error instanceof EvaluatorError) || !BREAKS_A_LIMIT.includes(error.code)) throw error;
  return [{ severity: "error", summary: error.message }];
}

function toFinding(
  source: EnvironmentSource,
  { severity, summary, range }: Diagnostic,
  all: readonly EnvironmentSource[],
): Finding {
  const on = range?.environment ?? source.name;
  const { file } = on === source.name ? source : (all.find(({ name }) => name === withoutVersion(on)) ?? {});
  return newFinding("E00", {
    severity,
    on,
    ...(file !== undefined && { file }),
    ...(range && {
      region: {
        line: range.begin.line,
        column: range.begin.column,
        endLine: range.end.line,
        endColumn: range.end.column,
      },
    }),
    message: summary.replace(/\s*\n\s*/g, " "),
  });
}

function isOf(name: string | undefined, names: readonly string[]): boolean {
  return name !== undefined && names.includes(withoutVersion(name));
}

function covers({ region, on }: Finding, { region: inner, on: innerOn }: Finding): boolean {
  if (region === undefined || inner === undefined || on !== innerOn) return false;
  const after = inner.line > region.line || (inner.line === region.line && inner.column >= region.column);
  const before =
    inner.line < region.endLine || (inner.line === region.endLine && inner.column <= region.endColumn);
  return after && before;
}
