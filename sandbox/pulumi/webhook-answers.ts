import * as z from "zod";
import { EscServiceError } from "./errors";
import type { EscService } from "./esc-service";
import { type HttpRequest, type HttpResponse, jsonResponse } from "./http-message";
import type { EnvironmentReference } from "./names";
import { parseBody } from "./request-parts";
import { createWebhook, findWebhook, updateWebhook, type Webhook, type Webhooks } from "./webhooks";

const strings = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const webhookBody = z.object({
  name: z
    .string()
    .regex(/^[\w-]{0,100}$/)
    .optional(),
  displayName: z.string().default(""),
  active: z.boolean().default(false),
  payloadUrl: z.string(),
  filters: strings,
  groups: strings,
  format: z
    .string()
    .nullish()
    .transform((text) => text ?? undefined),
  secret: z.string().optional(),
  organizationName: z.string().optional(),
  projectName: z.string().optional(),
  envName: z.string().optional(),
});

/** What the REST API answers of an environment's webhooks, in the Go client's shapes. A secret never comes back. */
export class WebhookAnswers {
  private readonly service: EscService;

  constructor(service: EscService) {
    this.service = service;
  }

  list(id: EnvironmentReference): HttpResponse {
    return jsonResponse(
      200,
      [...this.of(id).values()].map((webhook) => shown(webhook, id)),
    );
  }

  get(id: EnvironmentReference, name: string): HttpResponse {
    return jsonResponse(200, shown(findWebhook(this.of(id), name), id));
  }

  create(id: EnvironmentReference, { body }: HttpRequest): HttpResponse {
    const { organizationName, projectName, envName, ...input } = parseBody(webhookBody, body);
    const said = [organizationName, projectName, envName];
    if ([id.organization, id.project, id.name].some((part, index) => (said[index] ?? part) !== part)) {
      throw new EscServiceError(
        "ERR_ESC_SERVICE_BAD_REQUEST",
        "organizationName, projectName and envName must be those of the path",
      );
    }
    return jsonResponse(200, shown(createWebhook(this.of(id), input), id));
  }

  update(id: EnvironmentReference, name: string, { body }: HttpRequest): HttpResponse {
    const {
      organizationName: _o,
      projectName: _p,
      envName: _e,
      name: _n,
      ...input
    } = parseBody(webhookBody, body);
    return jsonResponse(200, shown(updateWebhook(this.of(id), name, input), id));
  }

  delete(id: EnvironmentReference, name: string): HttpResponse {
    findWebhook(this.of(id), name);
    this.of(id).delete(name);
    return { status: 204 };
  }

  async ping(id: EnvironmentReference, name: string): Promise<HttpResponse> {
    return jsonResponse(200, await this.service.pingWebhook(id, name));
  }

  deliveries(id: EnvironmentReference, name: string): HttpResponse {
    return jsonResponse(200, [...findWebhook(this.of(id), name).deliveries]);
  }

  private of(id: EnvironmentReference): Webhooks {
    return this.service.store.find(id).webhooks;
  }
}

function shown({ secret, deliveries: _, ...webhook }: Webhook, id: EnvironmentReference): object {
  return {
    ...webhook,
    hasSecret: secret !== "",
    organizationName: id.organization,
    projectName: id.project,
    envName: id.name,
  };
}
