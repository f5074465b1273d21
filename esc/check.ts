import { placeholderContext } from "./definition";
import { check } from "./evaluator/index";
import type { Diagnostic } from "./evaluator/types";
import { plainTextSecrets } from "./lint/secret-rules";
import { ParsedEnvironment } from "./lint/source";
import { providerSchemas, rotatorSchemas } from "./providers/schemas";

/** The definition to check, and those that it imports. */
export interface CheckDefinitionOptions {
  /** `project/environment`: what `context.currentEnvironment.name` and the findings say. */
  readonly name: string;
  readonly yaml: string;
  /** Definitions that this one imports, by the name it imports them under. Any other import is a finding. */
  readonly environments?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Checks a definition as Pulumi ESC does when it is saved, and refuses plain-text secrets besides: whoever
 * keeps a definition in git keeps its secrets there too. Nothing is opened, no provider is called.
 *
 * @returns errors and warnings, those without a position first. Both count: Pulumi's provider refuses warnings
 * too, though only after they have been written.
 * @throws EvaluatorError when the definition breaks a limit, or the evaluator is not there
 * (`ERR_ESC_UNAVAILABLE`).
 */
export async function checkDefinition(options: CheckDefinitionOptions): Promise<Diagnostic[]> {
  const { name, yaml, environments = {}, signal } = options;
  const evaluation = await check({
    name,
    yaml,
    providers: providerSchemas,
    rotators: rotatorSchemas,
    context: placeholderContext,
    signal,
    loadEnvironment: async (wanted) => {
      const text = Object.hasOwn(environments, wanted) ? environments[wanted] : undefined;
      if (text === undefined) {
        throw new Error(`environment "${wanted}" is not among those this check was given`);
      }
      return { yaml: text };
    },
  });
  return [...evaluation.diagnostics, ...plainTextSecretsOf(name, yaml)];
}

/** `project/environment:12:7: summary`, on one line. A diagnostic without a position gives no numbers. */
export function formatDiagnostic(name: string, { range, summary }: Diagnostic): string {
  const where = range?.environment ?? name;
  const position = range === undefined ? "" : `:${range.begin.line}:${range.begin.column}`;
  return `${where}${position}: ${summary.replace(/\s*\n\s*/g, " ")}`;
}

/** Rule E02, before anything is written. */
function plainTextSecretsOf(name: string, yaml: string): Diagnostic[] {
  const environment = new ParsedEnvironment({ name, yaml });
  return plainTextSecrets(environment).map(({ range }) => {
    const offset = range?.[0] ?? 0;
    const { line, column } = environment.regionAt(offset, offset);
    const begin = { line, column, byte: Buffer.byteLength(yaml.slice(0, offset)) };
    return {
      severity: "error",
      summary: "plain-text secret in the definition: keep the value in AWS Secrets Manager or set it in ESC",
      range: { environment: name, begin, end: begin },
    };
  });
}
