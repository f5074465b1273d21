import { randomUUID } from "node:crypto";
import type { ResourceRequest, ResourceType } from "../engine/cloud";
import { isDue, parseCron } from "./cron";
import { EscServiceError } from "./errors";
import { type EnvironmentId, formatEnvironmentId } from "./names";

/** When an environment is rotated: by a cron expression, or once. */
export interface RotationSchedule {
  readonly id: string;
  readonly environment: EnvironmentId;
  readonly cron: string | undefined;
  /** ISO 8601 */
  readonly once: string | undefined;
  /** When it was last acted on, or made: milliseconds since 1970. */
  readonly actedAt: number;
  /** What it did so far, the newest first. @default nothing */
  readonly runs?: readonly ScheduleRun[];
}

/** One time that a schedule was acted on. */
export interface ScheduleRun {
  readonly id: string;
  /** ISO 8601 */
  readonly executed: string;
  readonly result: "succeeded" | "failed";
}

const KEPT_RUNS = 50;

export type SchedulesContent = readonly RotationSchedule[];

/** The rotation schedules of the laptop's ESC. It has no clock of its own: somebody asks what is due. */
export class RotationSchedules {
  readonly #schedules: Map<string, RotationSchedule>;

  constructor(content: SchedulesContent = []) {
    this.#schedules = new Map(content.map((schedule) => [schedule.id, schedule]));
  }

  content(): SchedulesContent {
    return [...this.#schedules.values()];
  }

  set(schedule: RotationSchedule): void {
    this.#schedules.set(schedule.id, schedule);
  }

  delete(id: string): void {
    this.#schedules.delete(id);
  }

  /** Those of one environment. */
  of(environment: EnvironmentId): readonly RotationSchedule[] {
    const name = formatEnvironmentId(environment);
    return this.content().filter((schedule) => formatEnvironmentId(schedule.environment) === name);
  }

  /** Writes down what came of the schedules of an environment that were taken as due at a time. */
  record(environment: EnvironmentId, takenAt: number, result: ScheduleRun["result"]): void {
    for (const schedule of this.of(environment)) {
      if (schedule.actedAt !== takenAt) continue;
      const run = { id: randomUUID(), executed: new Date(takenAt).toISOString(), result };
      this.set({ ...schedule, runs: [run, ...(schedule.runs ?? [])].slice(0, KEPT_RUNS) });
    }
  }

  /** The environments of which a time has come since they were last asked for, each once, however many have. */
  takeDue(now: number): readonly EnvironmentId[] {
    const due = this.content().filter(({ cron, once, actedAt }) => {
      if (cron !== undefined) return isDue(parseCron(cron), actedAt, now);
      const at = Date.parse(once ?? "");
      return at > actedAt && at <= now;
    });
    for (const schedule of due) this.set({ ...schedule, actedAt: now });
    return [
      ...new Map(due.map(({ environment }) => [formatEnvironmentId(environment), environment])).values(),
    ];
  }
}

const ACCEPTED = ["organization", "project", "environment", "scheduleCron", "timestamp"];

/** `pulumiservice:index:EnvironmentRotationSchedule`. Behaviour read in the provider's rotation_schedules.go. */
export function rotationScheduleResource(schedules: RotationSchedules, now: () => number): ResourceType {
  const put = (request: ResourceRequest, id: string) => {
    const { environment, cron, once } = read(request);
    schedules.set({ id, environment, cron, once, actedAt: now() });
    return { scheduleId: id };
  };
  return {
    preview(request) {
      const { scheduleCron } = request.inputs;
      refuseOthers(request);
      if (typeof scheduleCron === "string") parseCron(scheduleCron);
      return {};
    },
    create(request) {
      const id = randomUUID();
      const outputs = put(request, id);
      const { environment } = read(request);
      return { id: `${formatEnvironmentId(environment)}/rotations/${id}`, outputs };
    },
    update: (request) => put(request, String(request.old.outputs.scheduleId)),
    delete: ({ outputs }) => schedules.delete(String(outputs.scheduleId)),
  };
}

function read(request: ResourceRequest): Pick<RotationSchedule, "environment" | "cron" | "once"> {
  refuseOthers(request);
  const text = (name: string) => {
    const value = request.inputs[name];
    if (typeof value === "string") return value;
    throw refuse(request, `${name} must be a string`);
  };
  const { scheduleCron, timestamp } = request.inputs;
  if ((scheduleCron === undefined) === (timestamp === undefined)) {
    throw refuse(request, "One of scheduleCron or timestamp must be specified but not both");
  }
  if (scheduleCron !== undefined) parseCron(text("scheduleCron"));
  if (timestamp !== undefined && Number.isNaN(Date.parse(text("timestamp")))) {
    throw refuse(request, "timestamp failed to parse");
  }
  return {
    environment: { organization: text("organization"), project: text("project"), name: text("environment") },
    cron: scheduleCron === undefined ? undefined : text("scheduleCron"),
    once: timestamp === undefined ? undefined : text("timestamp"),
  };
}

function refuseOthers(request: ResourceRequest): void {
  const other = Object.keys(request.inputs).find((input) => !ACCEPTED.includes(input));
  if (other !== undefined) throw refuse(request, `the sandbox does not know the input ${other}`);
}

function refuse({ type, name }: ResourceRequest, what: string): EscServiceError {
  return new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", `${type} ${name}: ${what}`);
}
