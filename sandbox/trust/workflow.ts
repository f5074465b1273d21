import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, relative } from "node:path";
import { isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from "yaml";
import type { Job, Login, Step, Trigger, Workflow, WorkflowJob } from "../../trust";
import { asFields, type Fields } from "./fields";

/**
 * Reads workflows, and the reusable ones of the same repository that they call.
 *
 * @throws Error naming a file that is no workflow
 */
export async function readWorkflowFiles(paths: readonly string[]): Promise<Workflow[]> {
  const read = new Map<string, Workflow>();
  const waiting = [...new Set(paths)];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const file = relative(process.cwd(), path) || path;
    if (read.has(file)) continue;
    const workflow = parseWorkflow(file, await readFile(path, "utf8"));
    read.set(file, workflow);
    const root = file.slice(0, file.length - workflow.path.length);
    for (const { calls } of workflow.jobs) {
      const called = calls?.text.startsWith("./") ? `${root}${calls.text.slice(2)}` : undefined;
      if (called !== undefined && existsSync(called)) waiting.push(called);
    }
  }
  return [...read.values()];
}

/** @throws Error naming the file when it is no workflow */
export function parseWorkflow(file: string, yaml: string): Workflow {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, logLevel: "silent" });
  const fields = asFields(document.toJSON());
  if (document.errors.length > 0 || !isMap(document.contents) || !("jobs" in fields) || !("on" in fields)) {
    throw new Error(`${file}: not a GitHub workflow`);
  }
  const at: Position = (path) => lineOf(document.contents, path, lines);
  const on = fields.on;
  const events =
    typeof on === "string" ? [on] : Array.isArray(on) ? on.map(String) : Object.keys(asFields(on));
  const filters = (event: string) => asFields(asFields(on)[event]);
  return {
    file,
    path: /(?:^|\/)(\.github\/workflows\/[^/]+)$/.exec(file)?.[1] ?? `.github/workflows/${basename(file)}`,
    triggers: events
      .filter((event) => event !== "workflow_call")
      .map(
        (event): Trigger => ({
          event,
          branches: texts(filters(event).branches),
          tags: texts(filters(event).tags),
          line: at(["on", event, "branches"]) ?? at(["on", event]) ?? at(["on"]) ?? 1,
        }),
      ),
    inputs: {
      ...readInputs(filters("workflow_call").inputs),
      ...readInputs(filters("workflow_dispatch").inputs),
    },
    env: plainTexts(fields.env),
    idToken: readIdToken(fields.permissions),
    jobs: Object.entries(asFields(fields.jobs)).map(([id, raw]) => readJob(id, asFields(raw), at)),
  };
}

/** The line of a key or an item, from 1; undefined when it is not there. */
type Position = (path: readonly (string | number)[]) => number | undefined;

function readJob(id: string, job: Fields, at: Position): Job {
  const path = ["jobs", id];
  const line = (...rest: (string | number)[]) => at([...path, ...rest]) ?? at(path) ?? 1;
  const environment = typeof job.environment === "string" ? job.environment : asFields(job.environment).name;
  const { matrix } = asFields(job.strategy);
  const steps = (Array.isArray(job.steps) ? job.steps : []).map(asFields);
  return {
    id,
    line: line(),
    condition: job.if === undefined ? undefined : String(job.if),
    environment:
      typeof environment === "string" && environment !== ""
        ? { text: environment, line: line("environment") }
        : undefined,
    matrix: Object.fromEntries(
      Object.entries(asFields(matrix)).flatMap(([name, values]) =>
        Array.isArray(values) ? [[name, texts(values)]] : [],
      ),
    ),
    env: plainTexts(job.env),
    idToken: readIdToken(job.permissions),
    logins: steps.flatMap((step, index) =>
      readLogin(step, line("steps", index), (key) => line("steps", index, "with", key)),
    ),
    calls:
      typeof job.uses === "string"
        ? { text: job.uses, line: line("uses"), inputs: plainTexts(job.with) }
        : undefined,
    steps: steps.map(
      ({ name, uses, run }, index): Step => ({
        name: typeof name === "string" ? name : undefined,
        line: line("steps", index),
        uses: typeof uses === "string" ? uses : undefined,
        run: typeof run === "string" ? run : undefined,
      }),
    ),
  };
}

function readLogin(step: Fields, line: number, lineOfInput: (key: string) => number): Login[] {
  const uses = String(step.uses);
  const given = asFields(step.with);
  if (uses.startsWith("aws-actions/configure-aws-credentials@")) {
    const role = given["role-to-assume"];
    // With keys it is no login by token, whatever role it takes then.
    if (typeof role !== "string" || "aws-access-key-id" in given) return [];
    return [
      {
        kind: "aws",
        line,
        role: { text: role, line: lineOfInput("role-to-assume") },
        audience: typeof given.audience === "string" ? given.audience : undefined,
      },
    ];
  }
  if (uses.startsWith("pulumi/auth-actions@")) {
    const { organization, scope, "requested-token-type": tokenType } = given;
    return [
      {
        kind: "pulumi",
        line,
        organization: String(organization),
        tokenType: String(tokenType),
        scope: String(scope ?? ""),
      },
    ];
  }
  return [];
}

function readIdToken(permissions: unknown): boolean | undefined {
  if (permissions === undefined) return undefined;
  return permissions === "write-all" || asFields(permissions)["id-token"] === "write";
}

/** Choices, or the default. */
function readInputs(inputs: unknown): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(asFields(inputs)).map(([name, raw]) => {
      const { options, default: fallback } = asFields(raw);
      return [
        name,
        Array.isArray(options) ? texts(options) : fallback === undefined ? [] : [String(fallback)],
      ];
    }),
  );
}

/**
 * The jobs that take an AWS role by their token, as the lint sees them: whatever starts the workflow.
 *
 * @throws Error naming the file when it is no workflow
 */
export function readWorkflow(file: string, yaml: string): WorkflowJob[] {
  const { triggers, jobs } = parseWorkflow(file, yaml);
  const push = triggers.find(({ event }) => event === "push");
  const isExpression = (text: string | undefined) => text?.includes("${{") ?? false;
  // Patterns say nothing exact.
  const exact = (names: readonly string[] = []) => names.filter((name) => !/[*?!]/.test(name));
  return jobs.flatMap(({ id, line, environment, logins }) => {
    const login = logins.find(({ kind }) => kind === "aws");
    if (login?.kind !== "aws") return [];
    const { text } = login.role;
    return {
      place: { text: file, file, line },
      name: id,
      // An expression may be any environment: such a job is not judged.
      ...(environment !== undefined && !isExpression(environment.text) && { environment: environment.text }),
      events: isExpression(environment?.text) ? [] : triggers.map(({ event }) => event),
      branches: exact(push?.branches),
      tags: exact(push?.tags),
      ...(!isExpression(text) && { roleArn: text }),
    };
  });
}

function lineOf(
  node: unknown,
  [key, ...rest]: readonly (string | number)[],
  lines: LineCounter,
): number | undefined {
  if (key === undefined || node === null || typeof node !== "object") return undefined;
  if (typeof key === "number") {
    const items = (node as { items?: unknown[] }).items ?? [];
    const item = items[key];
    if (item === undefined) return undefined;
    return rest.length > 0 ? lineOf(item, rest, lines) : startOf(item, lines);
  }
  if (!isMap(node)) return undefined;
  const pair = (node as YAMLMap).items.find((one) => isScalar(one.key) && String(one.key.value) === key);
  if (pair === undefined) return undefined;
  return rest.length > 0 ? lineOf(pair.value, rest, lines) : startOf(pair.key, lines);
}

function startOf(node: unknown, lines: LineCounter): number | undefined {
  const { range } = node as { range?: readonly [number, ...number[]] };
  return range === undefined ? undefined : lines.linePos(range[0]).line;
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : []).map(String);
}

/** What is plain: a list or a map under a name says nothing that an expression could read. */
function plainTexts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asFields(value)).flatMap(([name, one]) =>
      typeof one === "object" ? [] : [[name, String(one)]],
    ),
  );
}
