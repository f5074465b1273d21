import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import path from "node:path";
import { deploy, readStackSettings } from "../../sandbox/engine/index";
import { UNKNOWN } from "../../sandbox/engine/values";
import { Issuer, type IssuerServer, startIssuerServer } from "../../sandbox/issuers/index";
import { PULUMI_ISSUER } from "../../trust/index";
import { startInline } from "../support/inline";
import { Laptop } from "./support";

const ECHO = "export const handler = async (event) => event;";
const type = (kind: string) => `aws:apigatewayv2/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`;

/** Inputs besides the usual ones; no permission at all when it is null. */
interface ApiChanges {
  readonly stage?: object;
  readonly api?: object;
  readonly permission?: object | null;
}

// Proves what API Gateway does between a caller and a function: routes, permission, throttle, log, domains.
describe("An HTTP API", () => {
  const laptop = new Laptop();
  let functionArn: string;
  before(async () => {
    await laptop.start();
    functionArn = (await laptop.deploy("echo", { code: ECHO })).fn.arn;
  });
  after(() => laptop.stop());

  /** An API that leads `POST /open` to the function, less what `without` names. */
  async function createApi(name: string, { stage = {}, api = {}, permission = {} }: ApiChanges = {}) {
    const created = await laptop.create(type("Api"), name, { name, protocolType: "HTTP", ...api });
    const apiId = created.id;
    const integration = await laptop.create(type("Integration"), name, {
      apiId,
      integrationType: "AWS_PROXY",
      integrationUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
      payloadFormatVersion: "2.0",
    });
    await laptop.create(type("Route"), name, {
      apiId,
      routeKey: "POST /open",
      target: `integrations/${integration.id}`,
    });
    await laptop.create(type("Stage"), name, { apiId, name: "$default", autoDeploy: true, ...stage });
    if (permission !== null) {
      await laptop.create("aws:lambda/permission:Permission", name, {
        function: "echo",
        action: "lambda:InvokeFunction",
        principal: "apigateway.amazonaws.com",
        sourceArn: `${created.outputs?.executionArn}/*/*`,
        ...permission,
      });
    }
    return { apiId, url: String(created.outputs?.apiEndpoint) };
  }
  const post = (url: string) => laptop.routes.fetch(url, { method: "POST", body: "{}" });
  const answerOf = async (response: Response) => [response.status, await response.json()];

  it("hands the event of payload format 2.0 to the function, with its route and its own address", async () => {
    const { apiId, url } = await createApi("whole");
    const response = await laptop.routes.fetch(`${url}/open?a=1`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"ü":1}',
    });
    const { headers, requestContext, ...event } = (await response.json()) as Record<
      string,
      Record<string, unknown>
    >;
    assert.deepEqual(event, {
      version: "2.0",
      routeKey: "POST /open",
      rawPath: "/open",
      rawQueryString: "a=1",
      queryStringParameters: { a: "1" },
      body: '{"ü":1}',
      isBase64Encoded: false,
    });
    const { accountId, domainName, domainPrefix, routeKey, stage } = requestContext ?? {};
    assert.deepEqual(
      { accountId, apiId: requestContext?.apiId, domainName, domainPrefix, routeKey, stage },
      {
        accountId: "123456789012",
        apiId,
        domainName: `${apiId}.execute-api.us-east-1.amazonaws.com`,
        domainPrefix: apiId,
        routeKey: "POST /open",
        stage: "$default",
      },
    );
    assert.equal(headers?.host, domainName);
  });

  it("answers 404 for another path and another method, without asking the function", async () => {
    const { url } = await createApi("routes");
    assert.deepEqual(await answerOf(await post(`${url}/other`)), [404, { message: "Not Found" }]);
    assert.deepEqual(await answerOf(await laptop.routes.fetch(`${url}/open`)), [
      404,
      { message: "Not Found" },
    ]);
  });

  for (const [what, permission] of [
    ["none", null],
    ["one for another API", { sourceArn: "arn:aws:execute-api:us-east-1:123456789012:other/*/*" }],
    ["one for another service", { principal: "events.amazonaws.com" }],
  ] as const) {
    it(`answers 500 when the function's permissions hold ${what}`, async () => {
      const { url } = await createApi(`permission ${what}`, { permission });
      assert.deepEqual(await answerOf(await post(`${url}/open`)), [
        500,
        { message: "Internal Server Error" },
      ]);
    });
  }

  it("turns away what is beyond its throttle, and lets in again what the rate allows", async () => {
    const stage = { defaultRouteSettings: { throttlingRateLimit: 1, throttlingBurstLimit: 2 } };
    const { url } = await createApi("throttle", { stage });
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await post(`${url}/open`)).status);
    assert.deepEqual(statuses.slice(0, 2), [200, 200]);
    assert.deepEqual([...new Set(statuses.slice(3))], [429]);
    laptop.ahead += 1_000;
    assert.equal((await post(`${url}/open`)).status, 200);
  });

  it("writes one line a request, which nothing in the request can break out of", async () => {
    const group = await laptop.create("aws:cloudwatch/logGroup:LogGroup", "access", { name: "access" });
    const format =
      '{"id":"$context.requestId","status":"$context.status","agent":"$context.identity.userAgent"}';
    const accessLogSettings = { destinationArn: group.outputs?.arn, format };
    const { url } = await createApi("log", { stage: { accessLogSettings } });
    const agent = 'x","status":"200';
    await laptop.routes.fetch(`${url}/none`, { method: "POST", headers: { "user-agent": agent } });
    const [event, ...more] = laptop.account.logGroups.get(String(group.outputs?.arn))?.events ?? [];
    assert.equal(more.length, 0);
    const { id, ...line } = JSON.parse(String(event?.message));
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(line, { status: "404", agent });
  });

  it("with its own address off is reached by its domain alone", async () => {
    const { apiId, url } = await createApi("domain", { api: { disableExecuteApiEndpoint: true } });
    await assert.rejects(post(`${url}/open`), /no route to https:\/\/\w+\.execute-api/);
    const domain = await laptop.create(type("DomainName"), "domain", {
      domainName: "open.example.com",
      domainNameConfiguration: {
        certificateArn: "arn:aws:acm:us-east-1:1:certificate/1",
        endpointType: "REGIONAL",
        securityPolicy: "TLS_1_2",
      },
    });
    const mapping = { apiId, domainName: domain.id, stage: "$default" };
    await laptop.create(type("ApiMapping"), "domain", mapping);
    const event = (await (await post("https://open.example.com/open")).json()) as { requestContext: object };
    assert.equal((event.requestContext as { domainName: string }).domainName, "open.example.com");
    await assert.rejects(async () => laptop.create(type("ApiMapping"), "again", mapping), {
      code: "ConflictException",
    });
  });

  const refused: readonly (readonly [what: string, kind: string, inputs: object, reason: RegExp])[] = [
    ["a WebSocket API", "Api", { protocolType: "WEBSOCKET" }, /implements only "HTTP"/],
    [
      "CORS",
      "Api",
      { protocolType: "HTTP", corsConfiguration: {} },
      /does not implement the property "corsConfiguration"/,
    ],
    [
      "payload format 1.0",
      "Integration",
      {
        apiId: "a",
        integrationType: "AWS_PROXY",
        integrationUri: "arn:aws:lambda:us-east-1:123456789012:function:echo",
        payloadFormatVersion: "1.0",
      },
      /implements only "2.0"/,
    ],
    [
      "an authorizer",
      "Route",
      { apiId: "a", routeKey: "POST /open", target: "integrations/a", authorizationType: "JWT" },
      /implements only "NONE"/,
    ],
    [
      "a path parameter",
      "Route",
      { apiId: "a", routeKey: "POST /{name}", target: "integrations/a" },
      /does not implement the route key/,
    ],
    ["a named stage", "Stage", { apiId: "a", name: "v1", autoDeploy: true }, /implements only "\$default"/],
    [
      "TLS 1.0",
      "DomainName",
      {
        domainName: "a.example.com",
        domainNameConfiguration: { certificateArn: "a", endpointType: "REGIONAL", securityPolicy: "TLS_1_0" },
      },
      /implements only "TLS_1_2"/,
    ],
  ];
  for (const [what, kind, inputs, reason] of refused) {
    it(`refuses ${what} by name, in a preview too`, async () => {
      await assert.rejects(
        async () => laptop.preview(type(kind), "refused", inputs as Record<string, unknown>),
        reason,
      );
    });
  }
});

describe("CloudWatch's alarms and dashboards", () => {
  const laptop = new Laptop();
  before(() => laptop.start());
  after(() => laptop.stop());
  const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
  const alarm = { comparisonOperator: "GreaterThanThreshold", evaluationPeriods: 1, threshold: 1 };
  const metric = { metricName: "Errors", namespace: "AWS/Lambda", period: 60, statistic: "Sum" };

  it("are kept with whom they tell and what they show", async () => {
    await laptop.create(ALARM, "a", { name: "a", ...alarm, ...metric, alarmActions: ["arn:aws:sns:x:1:y"] });
    const looksAt = { namespace: "AWS/Lambda", name: "Errors", dimensions: {}, statistic: "Sum" };
    const how = { metrics: [looksAt], threshold: 1, periodSeconds: 60 };
    assert.deepEqual(
      [...laptop.account.alarms.values()],
      [{ name: "a", actions: ["arn:aws:sns:x:1:y"], tags: {}, ...how }],
    );
    const body = JSON.stringify({ widgets: [] });
    await laptop.create("aws:cloudwatch/dashboard:Dashboard", "d", {
      dashboardName: "d",
      dashboardBody: body,
    });
    assert.deepEqual([...laptop.account.dashboards.values()], [{ name: "d", body }]);
  });

  for (const [what, inputs] of [
    ["no metric", {}],
    ["a metric and queries", { ...metric, metricQueries: [] }],
    ["queries of which none is compared", { metricQueries: [{ id: "a", expression: "1" }] }],
    ["an unknown comparison", { ...metric, comparisonOperator: "IsOdd" }],
  ] as const) {
    it(`refuse ${what}`, async () => {
      await assert.rejects(async () => laptop.preview(ALARM, "refused", { ...alarm, ...inputs }), {
        code: "ValidationError",
      });
    });
  }

  it("refuse a dashboard that is not JSON", async () => {
    const inputs = { dashboardName: "d", dashboardBody: "widgets" };
    await assert.rejects(async () => laptop.preview("aws:cloudwatch/dashboard:Dashboard", "d", inputs), {
      code: "InvalidParameterInput",
    });
  });
});

// The component with this front door, provisioned by Pulumi's own runner, and asked at its domain as ESC asks.
describe("The adapter behind an HTTP API with a domain of its own", () => {
  const laptop = new Laptop();
  const issuer = new Issuer({ url: PULUMI_ISSUER });
  const url = "https://adapter.example.com/open";
  let issuers: IssuerServer;
  before(async () => {
    await laptop.start();
    issuers = await startIssuerServer([issuer]);
    for (const [known, target] of Object.entries(issuers.routes)) laptop.routes.set(known, target);
  });
  after(async () => {
    await issuers.close();
    await laptop.stop();
  });

  async function ask(aud: string) {
    const body = JSON.stringify({ name: "escapement/staging/database" });
    const environment = "acme/escapement/staging";
    const token = await issuer.mint({
      ...{ sub: "x", aud, org: "acme", env: "<yaml>", current_env: environment, root_env: environment },
      body_hash: `sha256-${createHash("sha256").update(body).digest("base64")}`,
    });
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const response = await laptop.routes.fetch(url, { method: "POST", headers, body });
    return [response.status, await response.json()];
  }

  it("knows its address from the start, opens, refuses other audiences, and has alarms and a dashboard", async () => {
    const settings = await readStackSettings({ directory: path.join(__dirname, "program"), stack: "api" });
    const run = (operation: "preview" | "up") =>
      deploy({
        operation,
        organization: "acme",
        settings,
        cloud: laptop.cloud,
        startRunner: startInline,
      });
    const [previewed, deployed] = await Promise.all([run("preview"), run("up")]);
    assert.deepEqual([previewed.failure, deployed.failure], [undefined, undefined]);
    assert.deepEqual([previewed.outputs.url, previewed.outputs.domainTarget], [url, UNKNOWN]);
    assert.equal(deployed.outputs.url, url);
    assert.equal(laptop.account.parameters.size, 0);
    assert.deepEqual([laptop.account.alarms.size, laptop.account.dashboards.size], [5, 1]);

    const [entry] = laptop.account.secrets.keys();
    await laptop.putValue(String(entry), "a-password");
    assert.deepEqual(await ask(url), [200, { value: "a-password" }]);
    const [status, { code }] = (await ask("https://other.example.com/open")) as [number, { code: string }];
    assert.deepEqual([status, code], [401, "token_audience"]);
    const log = [...laptop.account.logGroups.values()].find(({ name }) => name.includes("vendedlogs"));
    assert.deepEqual(
      log?.events.map(({ message }) => JSON.parse(message).status),
      ["200", "401"],
    );
  });
});
