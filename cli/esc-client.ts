import type { OpenDiagnostic } from "../esc/inventory/verify/failures";
import type { EscProperties } from "../esc/inventory/verify/opened";
import { isMap } from "../esc/is-map";

/** How to reach Pulumi ESC. */
export interface EscConnection {
  /** `PULUMI_BACKEND_URL` */
  readonly url: string;
  readonly accessToken: string;
  /** How long one request may take, in milliseconds. @default 60000 */
  readonly timeoutMs?: number;
}

/** An environment's name in full. */
export interface EnvironmentName {
  readonly organization: string;
  readonly project: string;
  readonly name: string;
}

/**
 * What ESC or the way to it refused. The SDK's own errors are never passed on: they carry the request, and with it the
 * access token.
 */
export class EscClientError extends Error {
  override readonly name = "EscClientError";
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** What was found wrong with a definition when it was opened, one a line. */
  readonly findings: readonly string[];
  /** The same with their places. */
  readonly diagnostics: readonly OpenDiagnostic[];

  constructor(message: string, options: { status?: number; diagnostics?: readonly OpenDiagnostic[] } = {}) {
    super(message);
    this.status = options.status;
    this.diagnostics = options.diagnostics ?? [];
    this.findings = this.diagnostics.map(({ finding }) => finding);
  }
}

/** What a rotation came to. */
export interface RotationOutcome {
  readonly status: string;
  /** Why it failed, one a rotator. */
  readonly problems: readonly string[];
}

export type EscClient = Awaited<ReturnType<typeof createEscClient>>;

const requestTimeoutMs = 60_000;
/** Adapters have half a minute each. */
const rotateTimeoutMs = 120_000;

/** As it came: the SDK's HTTP client would take a definition that is JSON, too, apart. */
const asText = { transformResponse: (data: unknown) => data };

/** The calls that this command needs of ESC, by Pulumi's own SDK. All of them throw `EscClientError` only. */
export async function createEscClient({ url, accessToken, timeoutMs = requestTimeoutMs }: EscConnection) {
  const { Configuration, DefaultClient } = await import("@pulumi/esc-sdk");
  const client = DefaultClient(new Configuration({ accessToken, baseOptions: { timeout: timeoutMs } }));
  // The SDK drops port and path of an address that it is given earlier.
  client.config.basePath = `${url.replace(/\/+$/, "")}/api/esc`;
  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw withoutRequest(error, accessToken);
    }
  };
  return {
    /** The revision that a tag names; undefined when there is no such tag. `latest` is always there. */
    async revisionOf(
      { organization, project, name }: EnvironmentName,
      tag: string,
    ): Promise<number | undefined> {
      try {
        return await ask(async () => {
          const found = await client.getEnvironmentRevisionTag(organization, project, name, tag);
          return found?.revision;
        });
      } catch (error) {
        if (tag !== "latest" && error instanceof EscClientError && error.status === 404) return undefined;
        throw error;
      }
    },
    /** Opens an environment and reads it whole. Plain secrets: never print one. */
    async open({ organization, project, name }: EnvironmentName, version?: string): Promise<EscProperties> {
      const opened = await ask(() =>
        version === undefined
          ? client.openEnvironment(organization, project, name)
          : client.openEnvironmentAtVersion(organization, project, name, version),
      );
      const id = opened?.id;
      if (id === undefined)
        throw new EscClientError("the environment was not opened, and ESC does not say why");
      const session = await ask(() => client.readOpenEnvironment(organization, project, name, id));
      return (session?.environment?.properties ?? {}) as EscProperties;
    },
    /** The environments of an organization that the token may see, as `project/name`. */
    async list(organization: string): Promise<readonly string[]> {
      const names: string[] = [];
      let token: string | undefined;
      do {
        const page = await ask(() => client.listEnvironments(organization, token));
        for (const { project, name } of page?.environments ?? []) names.push(`${project}/${name}`);
        token = page?.nextToken || undefined;
      } while (token !== undefined);
      return names;
    },
    /** A definition, by default the latest, and the ETag that says which it is. With `decrypt` its secrets are plain: never print it. */
    async definition(
      { organization, project, name }: EnvironmentName,
      {
        decrypt = false,
        version,
      }: { readonly decrypt?: boolean; readonly version?: string | undefined } = {},
    ): Promise<{ readonly yaml: string; readonly etag: string | undefined }> {
      const { data, headers } = await ask(() =>
        decrypt
          ? client.rawApi.decryptEnvironment(organization, project, name, asText)
          : version === undefined
            ? client.rawApi.getEnvironment(organization, project, name, asText)
            : client.rawApi.getEnvironmentAtVersion(organization, project, name, version, asText),
      );
      const etag: unknown = headers.etag;
      return { yaml: String(data), etag: typeof etag === "string" ? etag : undefined };
    },
    /** Writes a new revision, if the definition is still the one with this ETag. */
    async update(
      { organization, project, name }: EnvironmentName,
      yaml: string,
      etag: string | undefined,
    ): Promise<void> {
      // The header that Pulumi's Go client sends; the SDK sends none.
      const options = etag === undefined ? {} : { headers: { ETag: etag } };
      await ask(() => client.rawApi.updateEnvironmentYaml(organization, project, name, yaml, options));
    },
    /**
     * Rotates everything in an environment's own definition. The SDK has no method for it; path and body are those of Pulumi's Go
     * client (`cmd/esc/cli/client`, RotateEnvironment).
     */
    async rotate({ organization, project, name }: EnvironmentName): Promise<RotationOutcome> {
      const path = ["environments", organization, project, name, "rotate"].map(encodeURIComponent).join("/");
      const response = await fetch(`${client.config.basePath}/${path}`, {
        method: "POST",
        headers: { authorization: `token ${accessToken}`, "content-type": "application/json" },
        body: JSON.stringify({ Paths: null }),
        signal: AbortSignal.timeout(Math.max(timeoutMs, rotateTimeoutMs)),
      }).catch(() => {
        throw new EscClientError("ESC did not answer");
      });
      const data: unknown = await response.json().catch(() => undefined);
      if (!response.ok) {
        throw withoutRequest({ response: { status: response.status, data } }, accessToken);
      }
      return rotationIn(data);
    },
    createTag(
      { organization, project, name }: EnvironmentName,
      tag: string,
      revision: number,
    ): Promise<void> {
      return ask(() => client.createEnvironmentRevisionTag(organization, project, name, tag, revision));
    },
    moveTag({ organization, project, name }: EnvironmentName, tag: string, revision: number): Promise<void> {
      return ask(() => client.updateEnvironmentRevisionTag(organization, project, name, tag, revision));
    },
  };
}

function rotationIn(data: unknown): RotationOutcome {
  const { secretRotationEvent: event } = asMap(data);
  const { status, rotations } = asMap(event);
  const problems = (Array.isArray(rotations) ? rotations : []).flatMap((rotation: unknown) => {
    const { environmentPath, status: how, errorMessage } = asMap(rotation);
    return how === "succeeded" ? [] : [`${String(environmentPath)}: ${String(errorMessage ?? how)}`];
  });
  return { status: typeof status === "string" ? status : "unknown", problems };
}

/** Takes out of an error of the SDK what ESC answered, and nothing of what it was asked with. */
function withoutRequest(error: unknown, accessToken: string): EscClientError {
  const { response, code } = error as { response?: { status?: unknown; data?: unknown }; code?: unknown };
  const clean = (text: string) => withoutCharacters(text.replaceAll(accessToken, "[token]"));
  if (response === undefined) {
    const why = typeof code === "string" && /^[A-Z_]+$/.test(code) ? ` (${code})` : "";
    return new EscClientError(`ESC did not answer${why}`);
  }
  const status = typeof response.status === "number" ? response.status : undefined;
  const data = asMap(response.data);
  const message = typeof data.message === "string" ? clean(data.message) : `ESC answered ${status}`;
  const diagnostics: unknown[] = Array.isArray(data.diagnostics) ? data.diagnostics : [];
  return new EscClientError(message, {
    status,
    diagnostics: diagnostics.map((each) => diagnosticOf(each, clean)),
  });
}

/** The evaluator's JSON decoder quotes the character at which it stopped, which is one of a secret that is no JSON. */
function withoutCharacters(text: string): string {
  return text.replace(/invalid character .*?(?=$|\n|; )/g, "it is not JSON");
}

function diagnosticOf(diagnostic: unknown, clean: (text: string) => string): OpenDiagnostic {
  const { summary, detail, range, path } = isMap(diagnostic) ? diagnostic : {};
  const environment = isMap(range) ? range.environment : undefined;
  return {
    finding: clean(findingIn(diagnostic)),
    ...(typeof path === "string" && { path }),
    ...(typeof environment === "string" && { environment }),
    summary: clean([summary, detail].filter((part) => typeof part === "string").join("\n")),
  };
}

/** A definition is asked for as text, and then what refuses it comes as text, too. */
function asMap(data: unknown): Record<string, unknown> {
  if (isMap(data)) return data;
  try {
    const parsed: unknown = JSON.parse(String(data));
    return isMap(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** `project/name:line:column: values.path: what`, on one line: the path names what it is about. */
function findingIn(diagnostic: unknown): string {
  const { summary, detail, range, path } = isMap(diagnostic) ? diagnostic : {};
  const parts = [isMap(range) ? positionIn(range) : "", path, summary, detail];
  const said = parts.filter((part): part is string => typeof part === "string" && part !== "");
  return said.join(": ").replace(/\s*\n\s*/g, "; ");
}

function positionIn({ environment, begin }: Record<string, unknown>): string {
  const { line, column } = isMap(begin) ? begin : {};
  const position = typeof line === "number" ? `:${line}:${Number(column)}` : "";
  return `${typeof environment === "string" ? environment : ""}${position}`;
}
