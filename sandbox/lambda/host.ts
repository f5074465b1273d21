import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { type Account, makeUuid } from "../aws/account";
import type { DecisionListener } from "../aws/decisions";
import type { LambdaFunction } from "../aws/functions";
import type { Routes } from "../routes";
import { type HttpAnswer, httpAnswerOf, refusal, serverError } from "./answer";
import { eventOf } from "./event";
import { Functions } from "./functions";
import { type ApiRequest, HttpApiGateway, message } from "./http-api";

/** Source: Lambda developer guide, quotas: 6 MB for a synchronous request. */
const maxRequestBytes = 6_291_456;

export interface LambdaHostOptions {
  readonly account: Account;
  /** Where AWS's services answer: `Aws.url`. */
  readonly endpointUrl: string;
  /** Where functions may go. Function URLs are added to it. */
  readonly routes: Routes;
  /** @default a free one */
  readonly port?: number;
  /** Told of each role that Lambda takes on, and of each log that it opens with it. */
  readonly onDecision?: DecisionListener;
  /** Told of bugs in here, which the caller sees as 500. */
  readonly onInternalError?: (error: unknown) => void;
}

/** Lambda on the laptop, while it runs. */
export interface LambdaHost {
  /** Where function URLs answer: `<url>/<url id>/…`. */
  readonly url: string;
  /** Makes a function's URL answer: for `onFunctionUrl` of `createAwsCloud`. */
  readonly publish: (fn: LambdaFunction) => void;
  /** Makes an HTTP API answer at an address: for `onApiAddress` of `createAwsCloud`. */
  readonly publishApi: (host: string, apiId: string) => void;
  /** Runs a function with an event of any form. Undefined when it failed: its log says why. */
  readonly invoke: (fn: LambdaFunction, event: object) => Promise<{ readonly result: unknown } | undefined>;
  /** Ends every function's process, and removes what was written for them. */
  stop(): Promise<void>;
}

/**
 * Starts Lambda for an account. A function runs when its URL is first called: the deployed archive, in a child
 * process that has nothing but the deployed environment and a session of the deployed role. There is one such
 * process for each function, and requests for it wait for one another.
 */
export async function startLambdaHost(options: LambdaHostOptions): Promise<LambdaHost> {
  const { account, routes, port = 0, onInternalError } = options;
  const functions = new Functions(options);
  const gateway = new HttpApiGateway(account);
  const server = createServer((incoming, response) => {
    answer(incoming)
      .catch((error: unknown) => {
        onInternalError?.(error);
        return refusal(500, "ServiceException", { Message: "An internal error occurred." });
      })
      .then((answered) => write(response, answered))
      .catch(() => incoming.destroy());
  });

  async function answer(incoming: IncomingMessage): Promise<HttpAnswer> {
    const api = /^\/http-api\/(\w+)\/([\w.-]+)(\/[^?]*)?(?:\?(.*))?$/s.exec(incoming.url ?? "");
    if (api) {
      const [, apiId = "", host = "", path = "/", query = ""] = api;
      return answerApi({ apiId, host, incoming, path, requestId: makeUuid(account) }, query);
    }
    const [, id = "", path = "/", query = ""] =
      /^\/([^/?]*)(\/[^?]*)?(?:\?(.*))?$/s.exec(incoming.url ?? "") ?? [];
    const fn = [...account.functions.values()].find(({ url }) => url?.id === id);
    if (!fn?.url) return refusal(404, "ResourceNotFoundException", { Message: null });
    const body = await readBody(incoming);
    if (body === undefined) {
      return refusal(413, "RequestEntityTooLargeException", {
        Message: `Request must be smaller than ${maxRequestBytes} bytes for the InvokeFunction operation`,
      });
    }
    if (fn.reservedConcurrency === 0) {
      return refusal(429, "TooManyRequestsException", {
        Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
        Type: "User",
        message: "Rate Exceeded.",
      });
    }
    const requestId = makeUuid(account);
    const event = eventOf({ url: fn.url, incoming, path, query, body, requestId, now: account.now() });
    const outcome = await functions.call(fn, requestId, event);
    const answered = outcome.answered ? httpAnswerOf(outcome.result) : serverError();
    return { ...answered, headers: { ...answered.headers, "x-amzn-requestid": requestId } };
  }

  async function answerApi(request: ApiRequest, query: string): Promise<HttpAnswer> {
    const begun = account.now();
    const { incoming, apiId, host, path, requestId } = request;
    const body = await readBody(incoming);
    const resolution = gateway.resolve(request);
    const { stage, routeKey } = resolution;
    const answered = await (async (): Promise<HttpAnswer> => {
      if (body === undefined) return message(413, "Request Entity Too Large");
      if ("answer" in resolution) return resolution.answer;
      const { fn, routeKey, timeoutMilliseconds } = resolution;
      if (fn.reservedConcurrency === 0) return message(503, "Service Unavailable");
      const url = { id: apiId, host };
      const event = eventOf({
        ...{ url, incoming, path, query, body, requestId, routeKey },
        accountId: account.id,
        now: account.now(),
      });
      const late = wait(timeoutMilliseconds, "late" as const, { ref: false });
      const outcome = await Promise.race([functions.call(fn, requestId, event), late]);
      if (outcome === "late") return message(503, "Service Unavailable");
      if (!outcome.answered) return message(500, "Internal Server Error");
      return httpAnswerOf(outcome.result);
    })();
    gateway.log(stage, request, { answer: answered, routeKey, milliseconds: account.now() - begun });
    return { ...answered, headers: { ...answered.headers, "apigw-requestid": requestId } };
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    publish: (fn) => {
      if (fn.url) routes.set(`https://${fn.url.host}`, `${url}/${fn.url.id}`);
    },
    async invoke(fn, event) {
      const outcome = await functions.call(fn, makeUuid(account), event);
      return outcome.answered ? { result: outcome.result } : undefined;
    },
    publishApi: (host, apiId) => void routes.set(`https://${host}`, `${url}/http-api/${apiId}/${host}`),
    async stop() {
      await functions.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Undefined when it is longer than Lambda takes. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxRequestBytes) chunks.push(chunk);
  }
  return size > maxRequestBytes ? undefined : Buffer.concat(chunks);
}

function write(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  response.end(body);
}
