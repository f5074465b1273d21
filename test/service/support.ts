import { Configuration, EscApi } from "@pulumi/esc-sdk";
import {
  createEscServer,
  EscService,
  type EscServiceOptions,
  type RequestLogEntry,
} from "../../sandbox/pulumi/index";

export const ACCESS_TOKEN = "pul-0123456789abcdef0123456789abcdef01234567";

/** A started server with what a test needs to talk to it. */
export interface StartedService {
  readonly service: EscService;
  readonly url: string;
  /** Pulumi's own SDK, pointed at the server. */
  readonly client: EscApi;
  /** What the server would have logged. */
  readonly log: RequestLogEntry[];
  /** One request with the right token, by path below `/api/esc/environments`. */
  request(
    method: string,
    path: string,
    init?: { body?: string; headers?: Record<string, string> },
  ): Promise<Response>;
  stop(): Promise<void>;
}

/** Serves organizations `acme` and `umbrella` on a free port. Every start has a stop in the test's `after`. */
export async function startService(
  options: Partial<EscServiceOptions> & { maxBodyBytes?: number } = {},
): Promise<StartedService> {
  const { maxBodyBytes, ...serviceOptions } = options;
  const service = new EscService({ organizations: ["acme", "umbrella"], ...serviceOptions });
  const log: RequestLogEntry[] = [];
  const server = createEscServer({
    service,
    accessToken: ACCESS_TOKEN,
    maxBodyBytes,
    onRequest: (entry) => log.push(entry),
  });
  const url = await server.start();
  return {
    service,
    url,
    client: createClient(url),
    log,
    request: (method, path, init = {}) =>
      fetch(`${url}/api/esc/environments${path}`, {
        method,
        body: init.body,
        headers: { authorization: `token ${ACCESS_TOKEN}`, connection: "close", ...init.headers },
      }),
    stop: () => server.stop(),
  };
}

function createClient(url: string): EscApi {
  // Not `DefaultClient`, which would look for a developer's own login. No proxy: axios would honour one from the
  // environment.
  const client = new EscApi(new Configuration({ accessToken: ACCESS_TOKEN, baseOptions: { proxy: false } }));
  // Assigned afterwards, because the constructor drops the port.
  client.config.basePath = `${url}/api/esc`;
  return client;
}

/** Creates an environment `acme/<project>/<name>` and gives it a definition. */
export async function write(service: EscService, qualifiedName: string, yaml: string): Promise<void> {
  const [project = "", name = ""] = qualifiedName.split("/");
  const id = { organization: "acme", project, name };
  service.store.create(id);
  await service.update(id, yaml);
}

/** Opens `acme/<project>/<name>[@version]` and reads it whole: JSON text. */
export async function openAndRead(service: EscService, qualifiedName: string): Promise<string> {
  const [project = "", name = "", version] = qualifiedName.split(/[/@]/);
  const id = { organization: "acme", project, name };
  const { id: session } = await service.open({ ...id, version });
  return service.readSession(id, session);
}

/** The plain values of an environment's JSON, secrets included. Numbers are JavaScript's: for small ones only. */
export function plainValues(json: string): unknown {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((item: { value?: unknown }) => plain(item.value));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item.value)]));
  };
  return plain(JSON.parse(json).properties ?? {});
}
