import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { findFunction } from "../../sandbox/aws/functions";
import { type DeployedFunction, Laptop } from "./support";

const ECHO = "export const handler = async (event) => event;";
/** Answers what the request's body says. */
const PARROT = `export const handler = async ({ body }) => (body === "undefined" ? undefined : JSON.parse(body));`;

interface HttpEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Record<string, string>;
  readonly requestContext: Record<string, unknown>;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

describe("A function's URL", () => {
  const laptop = new Laptop();
  let echo: DeployedFunction;
  let parrot: DeployedFunction;
  before(async () => {
    await laptop.start();
    echo = await laptop.deploy("echo", { code: ECHO });
    parrot = await laptop.deploy("parrot", { code: PARROT });
  });
  after(() => laptop.stop());

  const eventOf = async (path: string, init?: RequestInit) =>
    (await (await echo.call(path, init)).json()) as HttpEvent;

  it("hands the whole event of payload format 2.0 to the handler", async () => {
    const before = Date.now();
    const event = await eventOf("open/x%20y?a=1&a=2&b=", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "X-Own": "1",
        cookie: "one=1; two=2",
        "user-agent": "test",
      },
      body: '{"ü":1}',
    });
    const host = new URL(echo.url).host;
    assert.match(host, /^[a-z2-7]{32}\.lambda-url\.us-east-1\.on\.aws$/);
    const { headers, requestContext, ...rest } = event;
    assert.deepEqual(rest, {
      version: "2.0",
      routeKey: "$default",
      rawPath: "/open/x%20y",
      rawQueryString: "a=1&a=2&b=",
      cookies: ["one=1", "two=2"],
      queryStringParameters: { a: "1,2", b: "" },
      body: '{"ü":1}',
      isBase64Encoded: false,
    });
    for (const [name, value] of Object.entries({
      host,
      "content-type": "application/json",
      "content-length": "8",
      "x-own": "1",
      "x-forwarded-proto": "https",
      "x-forwarded-for": "127.0.0.1",
    })) {
      assert.equal(headers[name], value, name);
    }
    assert.deepEqual(
      Object.keys(headers).filter((name) => name !== name.toLowerCase() || name === "cookie"),
      [],
    );
    const { requestId, time, timeEpoch, ...context } = requestContext;
    assert.deepEqual(context, {
      accountId: "anonymous",
      apiId: host.split(".")[0],
      domainName: host,
      domainPrefix: host.split(".")[0],
      http: {
        method: "POST",
        path: "/open/x%20y",
        protocol: "HTTP/1.1",
        sourceIp: "127.0.0.1",
        userAgent: "test",
      },
      routeKey: "$default",
      stage: "$default",
    });
    assert.match(String(requestId), /^[0-9a-f-]{36}$/);
    assert.ok(Number(timeEpoch) >= before && Number(timeEpoch) <= Date.now());
    assert.match(String(time), /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  });

  it("leaves out what a request does not have", async () => {
    const event = await eventOf("");
    assert.deepEqual([event.rawPath, event.rawQueryString, event.isBase64Encoded], ["/", "", false]);
    for (const name of ["body", "cookies", "queryStringParameters"]) assert.ok(!(name in event), name);
  });

  const bytes = Buffer.from([0, 255, 1, 254]);
  for (const [type, body, expected] of [
    ["text/plain; charset=utf-8", "hällo", "hällo"],
    ["application/vnd.api+json", "{}", "{}"],
    ["application/octet-stream", bytes, bytes.toString("base64")],
    ["application/x-www-form-urlencoded", "a=1", Buffer.from("a=1").toString("base64")],
    ["image/png", '{"a":1}', Buffer.from('{"a":1}').toString("base64")],
  ] as const) {
    it(`hands over a body of ${type} as ${body === expected ? "text" : "base64"}`, async () => {
      const event = await eventOf("", { method: "PUT", headers: { "content-type": type }, body });
      assert.deepEqual([event.body, event.isBase64Encoded], [expected, body !== expected]);
    });
  }

  it("joins the values of a header that comes twice with a comma", async () => {
    const outgoing = request(`${laptop.host.url}/${echo.fn.url?.id}/`, { agent: false });
    outgoing.setHeader("X-Twice", ["1", "2"]);
    outgoing.end();
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    const event = JSON.parse(Buffer.concat(await incoming.toArray()).toString()) as HttpEvent;
    assert.equal(event.headers["x-twice"], "1,2");
    assert.ok(!("connection" in event.headers));
  });

  const json = "application/json";
  const answers: {
    title: string;
    result: unknown;
    status?: number;
    body: string | Buffer;
    headers?: Record<string, string>;
  }[] = [
    { title: "an object without statusCode", result: { message: "hi" }, body: '{"message":"hi"}' },
    { title: "text", result: "Hello, world!", body: '"Hello, world!"' },
    { title: "nothing", result: undefined, body: "null" },
    { title: "a status alone", result: { statusCode: 204 }, status: 204, body: "" },
    {
      title: "status, headers and body",
      result: { statusCode: 201, headers: { "Content-Type": "text/html", "X-Own": 7 }, body: "<p>" },
      status: 201,
      body: "<p>",
      headers: { "content-type": "text/html", "x-own": "7" },
    },
    {
      title: "base64",
      result: { statusCode: 200, body: bytes.toString("base64"), isBase64Encoded: true },
      body: bytes,
    },
    {
      title: "cookies",
      result: { statusCode: 200, cookies: ["a=1; Secure", "b=2"], body: "" },
      body: "",
      headers: { "set-cookie": "a=1; Secure, b=2" },
    },
    ...[
      { statusCode: "no number" },
      { statusCode: 200, body: { a: 1 } },
      { statusCode: 200, headers: { "no good name": "1" } },
      { statusCode: 200, headers: { split: "a\r\nb: c" } },
      { statusCode: 200, cookies: "a=1" },
    ].map((result) => ({
      title: `what is no answer (${JSON.stringify(result)})`,
      result,
      status: 502,
      body: "Internal Server Error",
    })),
  ];
  for (const { title, result, status = 200, body, headers = {} } of answers) {
    it(`makes ${status} of ${title}`, async () => {
      const response = await parrot.call("", {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body: JSON.stringify(result) ?? "undefined",
      });
      assert.equal(response.status, status);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(body));
      for (const [name, value] of Object.entries({ "content-type": json, ...headers })) {
        assert.equal(response.headers.get(name), value);
      }
    });
  }

  it("takes 6 MB, and refuses a byte more", async () => {
    const send = (length: number) =>
      parrot.call("", {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body: `"${"x".repeat(length - 2)}"`,
      });
    assert.equal((await send(6_291_457)).status, 413);
    const largest = await send(6_291_456);
    assert.equal(largest.status, 200);
    assert.equal((await largest.text()).length, 6_291_456);
  });

  it("answers 429 when no concurrency is reserved, without starting the function", async () => {
    const { call, fn } = await laptop.deploy("shut", {
      code: ECHO,
      inputs: { reservedConcurrentExecutions: 0 },
    });
    const response = await call();
    assert.equal(response.status, 429);
    assert.equal(response.headers.get("x-amzn-errortype"), "TooManyRequestsException");
    assert.deepEqual(laptop.logOf(fn), []);
    assert.ok(!laptop.decisions.some(({ resource }) => resource === fn.configuration.roleArn));
    findFunction(laptop.account, "us-east-1", "shut").reservedConcurrency = 1;
    assert.equal((await call()).status, 200);
  });

  it("answers 404 where no function is", async () => {
    assert.equal((await fetch(`${laptop.host.url}/nobody/`)).status, 404);
    await assert.rejects(laptop.routes.fetch("https://nobody.lambda-url.us-east-1.on.aws/"), {
      code: "ERR_SANDBOX_NO_ROUTE",
    });
  });
});
