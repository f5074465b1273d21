import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Account, makeUuid } from "./account";
import { AwsError } from "./errors";
import type { AwsReply, AwsRequest } from "./http";
import { jsonProtocol, type Protocol } from "./protocol";
import type { AwsService } from "./service";
import { readAuthorization, verifySignature } from "./sigv4";

/** More than any request of the services here may have; DynamoDB's largest is 16 MB. */
const maxBodyBytes = 17 * 1024 * 1024;

export interface AwsEndpointOptions {
  readonly account: Account;
  readonly services: readonly AwsService[];
  /** @default a free one */
  readonly port?: number;
  /** Told of what is a bug here rather than a refusal; the caller gets `InternalFailure`. */
  readonly onInternalError?: (error: unknown) => void;
}

/** The account's services, behind one address. */
export interface AwsEndpoint {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves all services on one loopback address, as `AWS_ENDPOINT_URL` wants it. The credential scope of its
 * signature says which service a request is for; one without a signature is recognised by its operation.
 */
export async function startAwsEndpoint(options: AwsEndpointOptions): Promise<AwsEndpoint> {
  const server = createServer((incoming, response) => {
    void serve(options, incoming, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function serve(
  options: AwsEndpointOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = makeUuid(options.account);
  let reply: AwsReply;
  try {
    reply = await answer(options, await readRequest(incoming), requestId);
  } catch (error) {
    // The client went away, or sent more than anything here takes.
    if (!(error instanceof AwsError)) return void incoming.destroy();
    reply = fallback.writeError(error, requestId);
    response.setHeader("connection", "close");
  }
  response.writeHead(reply.status, {
    "content-type": reply.contentType,
    "x-amzn-requestid": requestId,
    // SDKs correct their clock by it, so it has to be the account's.
    date: new Date(options.account.now()).toUTCString(),
  });
  response.end(reply.body);
}

/** How to answer who could not be understood at all. */
const fallback: Protocol = jsonProtocol("");

async function answer(
  { account, services, onInternalError }: AwsEndpointOptions,
  request: AwsRequest,
  requestId: string,
): Promise<AwsReply> {
  const authorization = readAuthorization(request);
  const service = authorization?.service
    ? services.find(({ signingName }) => signingName === authorization.service)
    : services.find(({ protocol }) => protocol.operationOf(request) !== undefined);
  const protocol = service?.protocol ?? fallback;
  try {
    if (!service) {
      throw new AwsError(
        protocol.unknownOperation,
        `sandbox: no AWS service here ${authorization?.service ? `has the signing name ${authorization.service}` : "has this operation"}`,
      );
    }
    const operation = protocol.operationOf(request);
    if (operation === undefined) {
      throw new AwsError(protocol.unknownOperation, "The request names no operation of this service.");
    }
    const signed = !service.unsigned?.includes(operation);
    const caller = signed ? await verifySignature(account, request, protocol) : undefined;
    const region = authorization?.region ?? account.region;
    return await service.handle({ operation, request, requestId, region, caller });
  } catch (error) {
    if (error instanceof AwsError) return protocol.writeError(error, requestId);
    onInternalError?.(error);
    return protocol.writeError(new AwsError("InternalFailure", "An internal error occurred."), requestId);
  }
}

async function readRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  // Refused before it is read: to leave the loop below would end the connection without an answer.
  if (Number(incoming.headers["content-length"] ?? 0) > maxBodyBytes) {
    throw new AwsError("RequestEntityTooLargeException", "Request is too large.");
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new RangeError("the request is too large, and did not say so");
    chunks.push(chunk);
  }
  const [path = "/", search = ""] = (incoming.url ?? "/").split(/\?(.*)/s);
  const query: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(search)) {
    const earlier = query[name];
    query[name] = earlier === undefined ? value : [...[earlier].flat(), value];
  }
  return {
    method: incoming.method ?? "GET",
    path,
    query,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
}
