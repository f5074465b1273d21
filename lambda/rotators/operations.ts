import * as z from "zod/mini";
import { AdapterError, toAdapterError } from "../errors";
import { describeIssues } from "../issues";
import type { RotationPorts } from "./engine";
import { type InspectedTarget, inspect, type TargetReport } from "./inspect";
import { type UnstickReport, unstick } from "./unstick";

const operation = z.discriminatedUnion("operation", [
  z.strictObject({ operation: z.literal("status"), target: z.optional(z.string()) }),
  z.strictObject({ operation: z.literal("watch") }),
  z.strictObject({
    operation: z.literal("unstick"),
    target: z.string(),
    yes: z.optional(z.boolean()),
    back: z.optional(z.boolean()),
    restart: z.optional(z.boolean()),
    end: z.optional(z.array(z.string())),
    by: z.optional(z.string()),
  }),
]);

/** What somebody who may invoke the function asks of it, as the event's member `escapement`. */
export type Operation = z.infer<typeof operation>;

/** What is answered. Nothing of it is secret. */
export type OperationAnswer =
  | { readonly targets: readonly TargetReport[] }
  | { readonly unstick: UnstickReport }
  | { readonly error: { readonly code: string; readonly says: string } };

/** What is logged of an operation. */
export interface OperationRecord {
  readonly name: string;
  readonly target?: string | undefined;
  readonly by?: string | undefined;
  /** By target, what was found. */
  readonly findings?: Readonly<Record<string, readonly string[]>> | undefined;
  /** What `watch` found overdue. */
  readonly overdue?: readonly string[] | undefined;
  readonly steps?: readonly string[] | undefined;
  readonly done?: boolean | undefined;
  readonly code?: string | undefined;
}

export interface OperationsOptions {
  readonly targets: readonly InspectedTarget[];
  readonly ports: Omit<RotationPorts, "target">;
  readonly log: (level: "info" | "warn" | "error", record: OperationRecord) => void;
}

/**
 * What the person on call does with a function that rotates: `status` looks, `unstick` mends, and `watch`, which a rule
 * asks for once a day, tells of what is overdue and of rotations that nobody has been told of.
 *
 * It is reached by invoking the function, which IAM decides on; its public address leads to none of it. Never throws.
 */
export async function operate(untrusted: unknown, options: OperationsOptions): Promise<OperationAnswer> {
  const parsed = operation.safeParse(untrusted);
  if (!parsed.success) {
    const says = describeIssues(parsed.error.issues, "escapement").join("; ");
    return refuse(options, { operation: "unknown" }, new AdapterError("request_invalid", says));
  }
  const asked = parsed.data;
  try {
    switch (asked.operation) {
      case "status":
        return await status(asked, options);
      case "watch":
        return await watch(options);
      case "unstick":
        return await mend(asked, options);
    }
  } catch (error) {
    return refuse(options, asked, error);
  }
}

async function status(
  { operation: name, target }: Extract<Operation, { operation: "status" }>,
  options: OperationsOptions,
): Promise<OperationAnswer> {
  const targets = await inspectAll(chosen(options, target), options);
  options.log("info", { name, target, findings: codesOf(targets) });
  return { targets };
}

async function watch(options: OperationsOptions): Promise<OperationAnswer> {
  const { ports, log } = options;
  const targets = await inspectAll(options.targets, options);
  const overdue = targets.filter((report) => report.overdue);
  const events = overdue.map(({ target, environment, rotatedAt }) => ({
    kind: "overdue" as const,
    target,
    environment,
    ...(rotatedAt !== undefined && { since: rotatedAt }),
  }));
  if (events.length > 0) await ports.announce?.(events);
  log(overdue.length > 0 ? "warn" : "info", {
    name: "watch",
    findings: codesOf(targets),
    overdue: overdue.map(({ target }) => target),
  });
  return { targets };
}

async function mend(
  { operation: name, target, ...wish }: Extract<Operation, { operation: "unstick" }>,
  options: OperationsOptions,
): Promise<OperationAnswer> {
  const [inspected] = chosen(options, target);
  const report = await unstick(inspected as InspectedTarget, options.ports, wish);
  const { steps, done } = report;
  options.log("warn", { name, target, by: wish.by, steps, done });
  return { unstick: report };
}

/** One after another: an administrator's login is one. */
async function inspectAll(
  targets: readonly InspectedTarget[],
  { ports: { journal, clock } }: OperationsOptions,
): Promise<readonly TargetReport[]> {
  const reports: TargetReport[] = [];
  for (const target of targets) reports.push(await inspect(target, { journal, now: clock.now }));
  return reports;
}

function chosen({ targets }: OperationsOptions, wanted: string | undefined): readonly InspectedTarget[] {
  if (wanted === undefined) return targets;
  const found = targets.filter(({ id, environment }) => id === wanted || environment === wanted);
  if (found.length === 1) return found;
  const known = targets.map(({ id, environment }) => `${id} (${environment})`).join(", ");
  throw new AdapterError("request_invalid", `${wanted} is not one of the targets here: ${known}`);
}

function codesOf(targets: readonly TargetReport[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    targets.map(({ target, findings }) => [target, findings.map(({ code }) => code)]),
  );
}

function refuse(
  { log }: OperationsOptions,
  asked: { readonly operation: string; readonly target?: string | undefined },
  error: unknown,
): OperationAnswer {
  const { code, message } = toAdapterError(error);
  log("error", { name: asked.operation, target: asked.target, code });
  return { error: { code, says: message } };
}
