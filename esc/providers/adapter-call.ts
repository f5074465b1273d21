export interface AdapterLimits {
  /** For the whole answer. @default 8000, so that it is over before an evaluation's own 10 s are */
  readonly timeoutMs: number;
  /** Longest answer. @default 6 MiB: a Lambda function cannot answer more */
  readonly answerBytes: number;
}

export interface AdapterCall {
  readonly fetch: typeof globalThis.fetch;
  readonly url: string;
  readonly token: string;
  /** JSON. */
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
  readonly limits?: Partial<AdapterLimits>;
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * One request to an adapter, as ESC makes it.
 * @returns the JSON object it answers
 * @throws Error for everything else than 200 and a JSON object. The message holds no body and no token.
 */
export async function askAdapter(call: AdapterCall): Promise<JsonObject> {
  const { timeoutMs = 8_000, answerBytes = 6 * 1024 * 1024 } = call.limits ?? {};
  const { origin, pathname } = new URL(call.url);
  const adapter = `the adapter at ${origin}${pathname}`;
  const { status, text } = await post(call, { timeoutMs, answerBytes }).catch((error: unknown) => {
    throw new Error(`${adapter} ${explain(error, call, timeoutMs)}`);
  });
  if (text === undefined) throw new Error(`${adapter} answered ${status} and more than ${answerBytes} bytes`);
  const answer = parseObject(text);
  if (status !== 200) throw new Error(`${adapter} answered ${status}${refusal(answer)}`);
  if (answer === undefined) throw new Error(`${adapter} answered 200, but not with a JSON object`);
  return answer;
}

interface Answer {
  readonly status: number;
  /** Absent when it is too long. */
  readonly text: string | undefined;
}

async function post(call: AdapterCall, { timeoutMs, answerBytes }: AdapterLimits): Promise<Answer> {
  const response = await call.fetch(call.url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${call.token}`,
      "content-type": "application/json",
      accept: "application/json",
    },
    body: call.body,
    // The token is for this address and no other.
    redirect: "manual",
    signal: AbortSignal.any([call.signal, AbortSignal.timeout(timeoutMs)]),
  });
  return { status: response.status, text: await readText(response, answerBytes) };
}

async function readText({ body }: Response, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseObject(text: string): JsonObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** What an adapter tells of a refusal, as far as it has the form of a code and of an id. */
function refusal({ code, requestId }: JsonObject = {}): string {
  const said = typeof code === "string" && /^\w{1,64}$/.test(code) ? ` ${code}` : "";
  const id = typeof requestId === "string" && /^[\w-]{1,128}$/.test(requestId) ? requestId : undefined;
  return id === undefined ? said : `${said} (request ${id})`;
}

function explain(error: unknown, { token }: AdapterCall, timeoutMs: number): string {
  if (!(error instanceof Error)) return "could not be asked";
  if (error.name === "TimeoutError") return `did not answer within ${timeoutMs} ms`;
  const { message } = error.cause instanceof Error ? error.cause : error;
  return `could not be reached: ${message.replaceAll(token, "[token]")}`;
}
