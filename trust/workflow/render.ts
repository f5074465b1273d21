import { printable } from "../evaluate/render";
import type { PredictedJob, WorkflowFinding, WorkflowPrediction } from "./predict";

/** A prediction for people: each job, who it is and what that opens; then what would fail. */
export function renderPrediction({ jobs, findings }: WorkflowPrediction): string {
  const lines: string[] = [];
  for (const [index, job] of jobs.entries()) {
    if (job.file !== jobs[index - 1]?.file) lines.push(job.file);
    lines.push(...renderJob(job), "");
  }
  for (const finding of findings) lines.push(...renderFinding(finding), "");
  lines.push(
    findings.length === 0
      ? "every job gets what it asks for, as far as it is known"
      : `${findings.length} finding${findings.length === 1 ? "" : "s"}`,
  );
  return `${lines.map(printable).join("\n")}\n`;
}

function renderJob(job: PredictedJob): string[] {
  const { event, ref, environment, subjects, jobWorkflowRef, logins, roles, notes } = job;
  const where = environment === undefined ? "" : `, environment ${environment}`;
  const names = (allowed: boolean) =>
    roles
      .filter((role) => role.allowed === allowed)
      .map(({ name }) => name)
      .join(", ");
  const facts: (readonly [string, string])[] = [
    ...(job.idToken ? subjects.map((subject) => ["presents", subject] as const) : []),
    ["written in", jobWorkflowRef],
    ...logins.map(
      ({ asksFor, verdict, file, line, because }) =>
        [
          "asks for",
          `${asksFor}: ${verdict} (${file === job.file ? `line ${line}` : `${file}:${line}`}; ${because})`,
        ] as const,
    ),
    ...(job.idToken
      ? ([
          ["could take", names(true) || "no role"],
          ["refused by", names(false) || "no role"],
        ] as const)
      : ([["token", "none: permissions give no id-token"]] as const)),
    ...notes.map((note) => ["note", note] as const),
  ];
  return [
    `  ${job.job}  on ${event}, ${ref.replace(/^refs\/heads\//, "")}${where}`,
    ...facts.map(([name, value]) => `    ${name.padEnd(10)}  ${value}`),
  ];
}

function renderFinding({ file, line, job, code, message, fix }: WorkflowFinding): string[] {
  return [`${file}:${line}: ${job}: ${message} (${code})`, `  fix  ${fix}`];
}
