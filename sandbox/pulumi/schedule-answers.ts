import { randomUUID } from "node:crypto";
import * as z from "zod";
import { nextTime, parseCron } from "./cron";
import { EscServiceError } from "./errors";
import type { EscService } from "./esc-service";
import { type HttpRequest, type HttpResponse, jsonResponse } from "./http-message";
import type { EnvironmentReference } from "./names";
import { parseBody } from "./request-parts";
import type { RotationSchedule } from "./rotation-schedules";

const scheduleBody = z.object({
  scheduleCron: z.string().optional(),
  scheduleOnce: z.string().optional(),
  secretRotationRequest: z.object({ environmentPath: z.string().default("") }).nullish(),
});

/**
 * What the REST API answers of an environment's rotation schedules: the ones that programs make, too. Shapes as in the Go
 * client (`ScheduledAction`); what a schedule does not have here is an empty text there.
 */
export class ScheduleAnswers {
  private readonly service: EscService;

  constructor(service: EscService) {
    this.service = service;
  }

  list(id: EnvironmentReference): HttpResponse {
    this.service.store.find(id);
    return jsonResponse(200, { schedules: this.service.schedules.of(id).map((each) => this.shown(each)) });
  }

  get(id: EnvironmentReference, scheduleId: string): HttpResponse {
    return jsonResponse(200, this.shown(this.find(id, scheduleId)));
  }

  create(id: EnvironmentReference, { body }: HttpRequest): HttpResponse {
    this.service.store.find(id);
    const { organization, project, name } = id;
    const when = readTimes(body);
    if ((when.cron === undefined) === (when.once === undefined)) {
      throw bad("exactly one of scheduleCron and scheduleOnce must be given");
    }
    const environment = { organization, project, name };
    return this.keep({ id: randomUUID(), environment, ...when, actedAt: this.service.now() });
  }

  /** One of the two times takes the place of the other. */
  update(id: EnvironmentReference, scheduleId: string, { body }: HttpRequest): HttpResponse {
    const old = this.find(id, scheduleId);
    const when = readTimes(body);
    if (when.cron !== undefined && when.once !== undefined) {
      throw bad("one of scheduleCron and scheduleOnce at the most must be given");
    }
    const changed = when.cron === undefined && when.once === undefined ? old : { ...old, ...when };
    return this.keep({ ...changed, actedAt: this.service.now() });
  }

  delete(id: EnvironmentReference, scheduleId: string): HttpResponse {
    this.service.schedules.delete(this.find(id, scheduleId).id);
    return { status: 204 };
  }

  history(id: EnvironmentReference, scheduleId: string): HttpResponse {
    const { runs = [] } = this.find(id, scheduleId);
    const scheduleHistoryEvents = runs.map((run) => ({ ...run, scheduledActionID: scheduleId, version: 1 }));
    return jsonResponse(200, { scheduleHistoryEvents });
  }

  private keep(schedule: RotationSchedule): HttpResponse {
    this.service.schedules.set(schedule);
    return jsonResponse(200, this.shown(schedule));
  }

  private find(id: EnvironmentReference, scheduleId: string): RotationSchedule {
    const found = this.service.schedules.of(id).find((schedule) => schedule.id === scheduleId);
    if (found === undefined) {
      throw new EscServiceError("ERR_ESC_SERVICE_NOT_FOUND", "the environment has no schedule of this id");
    }
    return found;
  }

  private shown({ id, environment, cron, once, actedAt, runs = [] }: RotationSchedule): object {
    const now = this.service.now();
    const next = cron === undefined ? Date.parse(once ?? "") : nextTime(parseCron(cron), now);
    return {
      id,
      orgID: environment.organization,
      kind: "environment_rotation",
      paused: false,
      created: "",
      modified: new Date(actedAt).toISOString(),
      lastExecuted: runs[0]?.executed ?? "",
      nextExecution: next === undefined || next <= now ? "" : new Date(next).toISOString(),
      definition: { environmentPath: "" },
      scheduleCron: cron ?? "",
      scheduleOnce: once ?? "",
    };
  }
}

function readTimes(body: string): Pick<RotationSchedule, "cron" | "once"> {
  const { scheduleCron, scheduleOnce, secretRotationRequest } = parseBody(scheduleBody, body);
  if (secretRotationRequest?.environmentPath) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_NOT_IMPLEMENTED",
      "the sandbox's schedules rotate whole environments: leave environmentPath empty",
    );
  }
  if (scheduleCron) parseCron(scheduleCron);
  if (scheduleOnce && Number.isNaN(Date.parse(scheduleOnce)))
    throw bad("scheduleOnce must be a time (RFC 3339)");
  return { cron: scheduleCron || undefined, once: scheduleOnce || undefined };
}

function bad(message: string): EscServiceError {
  return new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", message);
}
