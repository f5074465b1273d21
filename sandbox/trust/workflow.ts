import { isMap, LineCounter, parseDocument } from "yaml";
import type { WorkflowJob } from "../../trust";

type Fields = Readonly<Record<string, unknown>>;

/** The jobs of a GitHub Actions workflow that take an AWS role by their token. */
export function readWorkflow(file: string, yaml: string): WorkflowJob[] {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, logLevel: "silent" });
  const workflow = asFields(document.toJSON());
  const on = workflow.on;
  const triggers =
    typeof on === "string" ? [on] : Array.isArray(on) ? on.map(String) : Object.keys(asFields(on));
  const push = asFields(asFields(on).push);
  return Object.entries(asFields(workflow.jobs)).flatMap(([name, raw]) => {
    const job = asFields(raw);
    const login = (Array.isArray(job.steps) ? job.steps : [])
      .map(asFields)
      .find(({ uses }) => /^aws-actions\/configure-aws-credentials@/.test(String(uses)));
    const role = login && asFields(login.with)["role-to-assume"];
    if (role === undefined) return [];
    const environment =
      typeof job.environment === "string" ? job.environment : asFields(job.environment).name;
    const node = document.getIn(["jobs", name], true);
    const line = isMap(node) && node.range ? lines.linePos(node.range[0]).line : undefined;
    const isExpression = (value: unknown) => String(value).includes("${{");
    return {
      place: { text: file, file, ...(line !== undefined && { line }) },
      name,
      // An expression may be any environment: such a job is not judged.
      ...(typeof environment === "string" && !isExpression(environment) && { environment }),
      events: isExpression(environment) ? [] : triggers,
      branches: list(push.branches),
      tags: list(push.tags),
      ...(typeof role === "string" && !isExpression(role) && { roleArn: role }),
    };
  });
}

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** Patterns say nothing exact. */
function list(value: unknown): string[] {
  return (Array.isArray(value) ? value : []).map(String).filter((name) => !/[*?!]/.test(name));
}
