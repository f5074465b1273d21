import { AdapterError } from "../errors";
import { readBody } from "../read-body";
import type { RotatorTools } from "./define-rotator";
import type { HttpApiSettings, HttpTemplate } from "./http-api";
import type { StrangeCredential } from "./target";
import { pointTo, renderJson, renderText, type TemplateValues } from "./template";
import type { KeyApi, RequestLimits } from "./two-keys";

/** More than a list of keys has. */
const ANSWER_BYTES = 1_048_576;
const PAGES = 20;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** An HTTP API by its templates. Nothing of what it is sent or answers is in an error: either may be a key. */
export function createHttpKeyApi(settings: HttpApiSettings, { readSecret }: RotatorTools): KeyApi {
  const { origin, adminEntry, adminHeaders } = settings;

  async function send(
    template: HttpTemplate & { readonly method: string },
    values: TemplateValues,
    { milliseconds }: RequestLimits,
    page?: string,
  ): Promise<Answer> {
    const body = template.body === undefined ? undefined : JSON.stringify(renderJson(template.body, values));
    const signal = AbortSignal.timeout(milliseconds);
    try {
      const url = new URL(page ?? renderText(template.path, values, encodeSegment), origin);
      // A value may not lead somewhere else.
      if (url.origin !== origin) throw new TypeError("the path leaves the origin");
      const response = await fetch(url, {
        method: template.method,
        headers: {
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...renderHeaders(template.headers, values),
        },
        ...(body !== undefined && { body }),
        // Keys are for this address and no other.
        redirect: "manual",
        signal,
      });
      return { status: response.status, body: parse(await readText(response)) };
    } catch (error) {
      const name = error instanceof Error ? error.name : typeof error;
      throw new AdapterError("target_unavailable", `${origin} could not be asked: ${name}`, { cause: error });
    }
  }

  async function administer(
    what: "create" | "list" | "delete",
    method: string,
    values: TemplateValues,
    limits: RequestLimits,
    /** What the API itself said: taken as it is, for a template has no business in it. */
    page?: string,
  ): Promise<Answer> {
    const template = settings[what];
    const admin = parseAdmin(await readSecret(adminEntry), adminEntry);
    const answer = await send(
      { method, ...template, headers: { ...adminHeaders, ...template.headers } },
      { ...admin, ...values },
      limits,
      page,
    );
    const isGone = what === "delete" && (answer.status === 404 || answer.status === 410);
    if (isGone || isGood(answer)) return answer;
    throw refusal(what, answer);
  }

  async function listAll(limits: RequestLimits): Promise<readonly StrangeCredential[]> {
    const { items, id, name, lastUsed } = settings.list;
    const keys: StrangeCredential[] = [];
    let next: string | undefined;
    for (let page = 0; page < PAGES; page += 1) {
      const { body } = await administer("list", "GET", {}, limits, next);
      const list = pointTo(body, items);
      if (!Array.isArray(list)) throw unexpected("list", items);
      for (const item of list) {
        const [itsId, itsName] = [pointTo(item, id), pointTo(item, name)];
        if (typeof itsId !== "string" && typeof itsId !== "number") throw unexpected("list", id);
        const used = lastUsed === undefined ? undefined : pointTo(item, lastUsed);
        keys.push({
          id: String(itsId),
          ...(typeof itsName === "string" && { name: itsName }),
          ...((used === null || typeof used === "string") && { lastUsed: used }),
        });
      }
      const leadsTo = settings.list.next === undefined ? undefined : pointTo(body, settings.list.next);
      if (typeof leadsTo !== "string" || leadsTo === "") return keys;
      next = leadsTo;
    }
    throw new AdapterError("target_refused", `${origin} lists more than ${PAGES} pages`);
  }

  return {
    list: listAll,

    async create({ name }, limits) {
      const { body } = await administer("create", "POST", { name }, limits);
      const [id, key] = [pointTo(body, settings.create.id), pointTo(body, settings.create.key)];
      if (typeof id !== "string" && typeof id !== "number") throw unexpected("create", settings.create.id);
      if (typeof key !== "string" || key === "") throw unexpected("create", settings.create.key);
      return { id: String(id), key };
    },

    async delete(id, limits) {
      await administer("delete", "DELETE", { id }, limits);
    },

    async verify({ id, key, name }, limits) {
      const answer = await send({ method: "GET", ...settings.verify }, { id, key, name }, limits);
      if (isGood(answer)) return true;
      if (answer.status === 401 || answer.status === 403) return false;
      throw refusal("verify", answer);
    },
  };

  function refusal(what: string, { status }: Answer): AdapterError {
    const message = `${origin} answered ${status} to ${what}`;
    if (status === 401 || status === 403) return new AdapterError("target_denied", message);
    return new AdapterError(
      status >= 500 || status === 408 || status === 429 ? "target_unavailable" : "target_refused",
      message,
    );
  }

  function unexpected(what: string, pointer: string): AdapterError {
    return new AdapterError(
      "target_refused",
      `what ${origin} answered to ${what} has nothing usable at "${pointer}"`,
    );
  }
}

/** Never a step up: URLs take `%2E` for a dot, too. */
function encodeSegment(value: string): string {
  if (/^\.{1,2}$/.test(value)) throw new TypeError("a value in a path is dots alone");
  return encodeURIComponent(value);
}

function isGood({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function renderHeaders(
  headers: Readonly<Record<string, string>> = {},
  values: TemplateValues,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, template]) => [name.toLowerCase(), renderText(template, values)]),
  );
}

async function readText(response: Response): Promise<string> {
  const body = await readBody(response, ANSWER_BYTES);
  if (body === undefined) throw new RangeError("the answer is too long");
  return body.toString("utf8");
}

/** Undefined where it is no JSON: many APIs answer a deletion with nothing. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{{admin.…}}` by name. */
function parseAdmin(text: string, entry: string): TemplateValues {
  const value = parse(text);
  if (typeof value !== "object" || value === null) {
    throw new AdapterError("target_denied", `the entry ${entry} is no JSON object`);
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      typeof member === "string" ? [[`admin.${name}`, member]] : [],
    ),
  );
}
