import * as z from "zod/mini";
import { defineRotator, type Rotator } from "./define-rotator";
import { namesIn } from "./template";
import type { IssuedKey, PlannedKey } from "./two-keys";

/**
 * A request by template. `{{admin.<member>}}` is a member of the administrator's entry; `{{name}}`, `{{id}}` and `{{key}}` are
 * the key's, as far as they are known by then. In `path` values are encoded.
 */
export interface HttpTemplate {
  /** @default the usual one for what it does */
  readonly method?: string | undefined;
  /** Begins with `/`; may have a query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** The keys of one account at one HTTP API. */
export interface HttpApiSettings {
  /** `https://api.example.com`, without a path. */
  readonly origin: string;
  /** What the names of these keys begin with. Whatever key has such a name is this rotator's, to end when it is not known. */
  readonly keyPrefix: string;
  /** How many keys the API lets live at once. @default 2 */
  readonly most?: number | undefined;
  /** The Secrets Manager entry of what administers the keys: a JSON object of texts. */
  readonly adminEntry: string;
  /** Sent with `create`, `list` and `delete`: `{ "authorization": "Bearer {{admin.token}}" }`. */
  readonly adminHeaders: Readonly<Record<string, string>>;
  /** Makes a key. `id` and `key` are JSON pointers to them in the answer. */
  readonly create: HttpTemplate & { readonly id: string; readonly key: string };
  /**
   * Lists all keys. `items` points to the list in the answer; `id`, `name` and `lastUsed` to what they are of an item;
   * `next` to the path of the next page, where there may be one.
   */
  readonly list: HttpTemplate & {
    readonly items: string;
    readonly id: string;
    readonly name: string;
    readonly lastUsed?: string | undefined;
    readonly next?: string | undefined;
  };
  /** Ends a key. 404 and 410 mean that there is none. */
  readonly delete: HttpTemplate;
  /** What an application asks with its key: 2xx proves it, 401 and 403 refuse it. */
  readonly verify: HttpTemplate;
}

const text = z.string().check(z.minLength(1), z.maxLength(2048));
const pointer = z
  .string()
  .check(z.refine((value) => value === "" || value.startsWith("/"), { error: "must be a JSON pointer" }));
const headers = z.record(z.string().check(z.regex(/^[\w-]+$/)), text);

/** A template whose places are all among these. */
const template = (places: readonly string[]) => {
  const known = z.refine(
    (value: unknown) =>
      namesIn(value).every(
        (name) => places.includes(name) || (places.includes("admin") && /^admin\./.test(name)),
      ),
    {
      error: `may only use {{${places.map((name) => (name === "admin" ? "admin.…" : name)).join("}}, {{")}}}`,
    },
  );
  return {
    method: z.optional(z.string().check(z.regex(/^[A-Z]+$/))),
    path: text.check(z.regex(/^\//), known),
    headers: z.optional(headers.check(known)),
    body: z.optional(z.unknown().check(known)),
  };
};

const settings = z.strictObject({
  origin: text.check(
    z.refine((value) => isOrigin(value), { error: "must be https:// and a host, without a path" }),
  ),
  keyPrefix: text.check(z.regex(/^[\w.-]{3,100}$/)),
  most: z.optional(z.int().check(z.minimum(2), z.maximum(100))),
  adminEntry: text,
  adminHeaders: headers,
  create: z.strictObject({ ...template(["admin", "name"]), id: pointer, key: pointer }),
  list: z.strictObject({
    ...template(["admin"]),
    items: pointer,
    id: pointer,
    name: pointer,
    lastUsed: z.optional(pointer),
    next: z.optional(pointer),
  }),
  delete: z.strictObject(template(["admin", "id"])),
  verify: z.strictObject(template(["id", "key", "name"])),
});

/**
 * Rotates the key of any HTTP API that can make, list and end keys, by templates. Two keys take turns; the API makes them up,
 * so what is written down beforehand is a key's name, and one of that name of which the answer was lost is ended first.
 */
export const httpApi: Rotator = defineRotator<HttpApiSettings, unknown, IssuedKey, PlannedKey>({
  name: "http-api",
  settings,
  credential: z.strictObject({
    id: text,
    key: text,
    name: z.optional(z.string()),
  }),
  identity: ({ origin, keyPrefix, list }) => [`${origin.toLowerCase()}${list.path}#${keyPrefix}`],
  connect: async (settings, tools) => {
    const { createHttpKeyApi } = await import("./http-key-api.js");
    const { createTwoKeys } = await import("./two-keys.js");
    const api = createHttpKeyApi(settings, tools);
    const target = createTwoKeys({ api, prefix: settings.keyPrefix, most: settings.most ?? 2 });
    return () => target;
  },
});

/** Plain HTTP never leaves the machine. */
function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, origin } = new URL(value);
  const isLoopback = ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
  return origin === value && (protocol === "https:" || (protocol === "http:" && isLoopback));
}
