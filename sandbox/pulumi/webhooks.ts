import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { EscServiceError } from "./errors";

/** A webhook of one environment. */
export interface Webhook {
  readonly name: string;
  readonly displayName: string;
  readonly active: boolean;
  readonly payloadUrl: string;
  readonly filters: readonly string[];
  readonly groups: readonly string[];
  readonly format: string;
  /** Signs what is delivered; empty for none. */
  readonly secret: string;
  readonly deliveries: readonly WebhookDelivery[];
}

/** One attempt, in the words of the Go client's `EnvironmentWebhookDelivery`. */
export interface WebhookDelivery {
  readonly id: string;
  readonly kind: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly payload: string;
  readonly requestUrl: string;
  readonly requestHeaders: string;
  /** 0 when nobody answered; why is in `responseBody` then. */
  readonly responseCode: number;
  readonly responseHeaders: string;
  readonly responseBody: string;
}

/** The webhooks of one environment, by name. */
export type Webhooks = Map<string, Webhook>;

/** What a caller may say of one. */
export type WebhookInput = Pick<Webhook, "displayName" | "active" | "payloadUrl" | "filters" | "groups"> &
  Partial<Pick<Webhook, "name" | "format" | "secret">>;

const keptDeliveries = 20;
const timeoutMs = 5_000;
/** What the Go client sends to take a secret away. */
const removeSecret = "__remove-secret";

/** @throws {ERR_ESC_SERVICE_NOT_FOUND} */
export function findWebhook(webhooks: Webhooks, name: string): Webhook {
  const webhook = webhooks.get(name);
  if (webhook === undefined) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_NOT_FOUND",
      `the environment has no webhook ${JSON.stringify(name.slice(0, 120))}`,
    );
  }
  return webhook;
}

/** @throws {ERR_ESC_SERVICE_EXISTS} {ERR_ESC_SERVICE_BAD_REQUEST} */
export function createWebhook(webhooks: Webhooks, input: WebhookInput): Webhook {
  const name = input.name || randomBytes(4).toString("hex");
  if (webhooks.has(name)) {
    throw new EscServiceError("ERR_ESC_SERVICE_EXISTS", `the environment already has a webhook "${name}"`);
  }
  return put(webhooks, { format: "raw", secret: "", ...input, name, deliveries: [] });
}

/**
 * Replaces everything but the format, which stays when it is left out, and the secret, which stays when it is empty.
 * @throws {ERR_ESC_SERVICE_NOT_FOUND} {ERR_ESC_SERVICE_BAD_REQUEST}
 */
export function updateWebhook(webhooks: Webhooks, name: string, input: WebhookInput): Webhook {
  const old = findWebhook(webhooks, name);
  const secret = input.secret === removeSecret ? "" : input.secret || old.secret;
  return put(webhooks, { ...old, ...input, name, format: input.format ?? old.format, secret });
}

function put(webhooks: Webhooks, webhook: Webhook): Webhook {
  if (!URL.canParse(webhook.payloadUrl)) {
    throw new EscServiceError("ERR_ESC_SERVICE_BAD_REQUEST", "payloadUrl must be a URL");
  }
  webhooks.set(webhook.name, webhook);
  return webhook;
}

/**
 * Delivers a ping, signed as Pulumi signs: `Pulumi-Webhook-Signature` is HMAC-SHA256 over the body, in hex
 * (https://www.pulumi.com/docs/esc/environments/webhooks/). Nothing leaves the machine: `send` decides who is there.
 */
export async function pingWebhook(
  webhooks: Webhooks,
  name: string,
  options: { readonly send: typeof fetch; readonly now: () => number; readonly payload: object },
): Promise<WebhookDelivery> {
  const webhook = findWebhook(webhooks, name);
  const id = randomUUID();
  const payload = JSON.stringify(options.payload);
  const signature = createHmac("sha256", webhook.secret).update(payload).digest("hex");
  const headers = {
    "content-type": "application/json",
    "pulumi-webhook-id": id,
    "pulumi-webhook-kind": "ping",
    ...(webhook.secret !== "" && { "pulumi-webhook-signature": signature }),
  };
  const begun = options.now();
  const answer = await post(options.send, webhook.payloadUrl, headers, payload);
  const delivery: WebhookDelivery = {
    id,
    kind: "ping",
    timestamp: Math.floor(begun / 1000),
    duration: options.now() - begun,
    payload,
    requestUrl: webhook.payloadUrl,
    requestHeaders: JSON.stringify(headers),
    ...answer,
  };
  const deliveries = [delivery, ...webhook.deliveries].slice(0, keptDeliveries);
  webhooks.set(name, { ...findWebhook(webhooks, name), deliveries });
  return delivery;
}

async function post(
  send: typeof fetch,
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<Pick<WebhookDelivery, "responseCode" | "responseHeaders" | "responseBody">> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await send(url, { method: "POST", headers, body, redirect: "manual", signal });
    return {
      responseCode: response.status,
      responseHeaders: JSON.stringify(Object.fromEntries(response.headers)),
      responseBody: (await response.text()).slice(0, 4096),
    };
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    return { responseCode: 0, responseHeaders: "{}", responseBody: why };
  }
}
