import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { readFunctionCode } from "../../sandbox/aws/function-code";
import { updateFunction } from "../../sandbox/aws/functions";
import { putRolePolicy } from "../../sandbox/aws/iam";
import type { PolicyStatement } from "../../trust/index";
import { archiveOf, LAMBDA_TRUST, Laptop } from "./support";

const ROOT = path.join(__dirname, "../..");
/** What the function's process must not see. */
const OURS = "a-value-of-the-sandbox-itself";

describe("A function's process", () => {
  const laptop = new Laptop();
  before(async () => {
    process.env.ESCAPEMENT_TEST_VALUE = OURS;
    await laptop.start();
  });
  after(async () => {
    delete process.env.ESCAPEMENT_TEST_VALUE;
    await laptop.stop();
  });

  it("has the deployed environment, what Lambda adds, and nothing of ours", async () => {
    const { call } = await laptop.deploy("isolated", {
      code: `
        import { tmpdir } from "node:os";
        export const handler = async () => ({ variables: process.env, cwd: process.cwd(), temporary: tmpdir(),
          arguments: [process.argv.slice(2), process.execArgv], channel: typeof process.send });`,
      inputs: { environment: { variables: { COLOR: "blue" } }, timeout: 5, memorySize: 256 },
    });
    const seen = (await (await call()).json()) as {
      variables: Record<string, string>;
      cwd: string;
      temporary: string;
    };
    assert.ok(!JSON.stringify(seen).includes(OURS));
    const { variables, cwd, temporary, ...rest } = seen;
    assert.deepEqual(rest, { arguments: [[], []], channel: "undefined" });
    assert.equal(path.basename(cwd), "task");
    assert.equal(temporary, path.join(cwd, "../tmp"));
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, ...known } = variables;
    const session = laptop.account.sessions.get(AWS_ACCESS_KEY_ID ?? "");
    assert.equal(session?.arn, "arn:aws:sts::123456789012:assumed-role/isolated/isolated");
    assert.deepEqual(
      [AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN],
      [session?.secretAccessKey, session?.sessionToken],
    );
    assert.match(known.AWS_LAMBDA_LOG_STREAM_NAME ?? "", /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    for (const file of [known.AWS_CONFIG_FILE, known.AWS_SHARED_CREDENTIALS_FILE]) {
      assert.ok(file !== undefined && !existsSync(file));
    }
    assert.deepEqual(known, {
      COLOR: "blue",
      AWS_CONFIG_FILE: known.AWS_CONFIG_FILE,
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_ENDPOINT_URL: laptop.endpointUrl,
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_LAMBDA_FUNCTION_NAME: "isolated",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_FORMAT: "Text",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/isolated",
      AWS_LAMBDA_LOG_STREAM_NAME: known.AWS_LAMBDA_LOG_STREAM_NAME,
      AWS_REGION: "us-east-1",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      AWS_SHARED_CREDENTIALS_FILE: known.AWS_SHARED_CREDENTIALS_FILE,
      LAMBDA_TASK_ROOT: cwd,
      LANG: "en_US.UTF-8",
      PATH: "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
      TMPDIR: temporary,
      TZ: ":UTC",
      _HANDLER: "index.handler",
    });
  });

  it("calls AWS with its role's session: what the role may succeeds, the rest is refused in AWS's words", async () => {
    const allowed = await laptop.secret("allowed", "an entry's value");
    const other = await laptop.secret("other", "another entry's value");
    const condition = (name: string): PolicyStatement => ({
      Effect: "Allow",
      Action: "secretsmanager:GetSecretValue",
      Resource: name === "reader" ? allowed : other,
      Condition: {
        ArnEquals: { "lambda:SourceFunctionArn": `arn:aws:lambda:us-east-1:123456789012:function:${name}` },
      },
    });
    const { call, fn } = await laptop.deploy("reader", {
      code: `
        import { createRequire } from "node:module";
        const require = createRequire(${JSON.stringify(path.join(ROOT, "package.json"))});
        const { SecretsManager } = require("@aws-sdk/client-secrets-manager");
        const client = new SecretsManager({});
        export const handler = async ({ queryStringParameters: { id } }) => {
          try {
            return { value: (await client.getSecretValue({ SecretId: id })).SecretString };
          } catch ({ name, message }) {
            return { name, message };
          }
        };`,
      inputs: { timeout: 10 },
      permissions: [condition("reader"), condition("stranger")],
    });
    const read = async (id: string) => (await call(`?id=${id}`)).json();
    assert.deepEqual(await read("allowed"), { value: "an entry's value" });
    assert.deepEqual(await read("other"), {
      name: "AccessDeniedException",
      message: `User: arn:aws:sts::123456789012:assumed-role/reader/reader is not authorized to perform: secretsmanager:GetSecretValue on resource: other because no identity-based policy allows the secretsmanager:GetSecretValue action`,
    });
    const decision = laptop.decisions.at(-1);
    assert.equal(decision?.allowed, false);
    assert.match(decision?.because ?? "", /lambda:SourceFunctionArn/);
    assert.deepEqual(laptop.logOf(fn), []);
  });

  describe("in its network", () => {
    let server: Server;
    before(async () => {
      server = createServer((incoming, response) => {
        if (incoming.url === "/elsewhere") response.writeHead(302, { location: "https://example.com/" });
        response.end(`${incoming.method} ${incoming.url}`);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      laptop.routes.set(
        "https://known.example",
        `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      );
    });
    after(() => {
      server.close();
      server.closeAllConnections();
    });

    it("finds known origins on loopback, and is refused any other by name", async () => {
      const { call, fn } = await laptop.deploy("traveller", {
        code: `
          import { get } from "node:http";
          import { connect } from "node:tls";
          const outcome = (promise) => promise.catch(({ message }) => message);
          const text = async (...args) => (await fetch(...args)).text();
          const failure = (emitter) => new Promise((resolve) => emitter.on("error", ({ message }) => resolve(message)));
          export const handler = async () => [
            await outcome(text("https://known.example/keys?a=1")),
            await outcome(text(new Request("https://known.example/post", { method: "POST", body: "x" }))),
            await outcome(text(new URL("https://known.example.evil.example/keys"))),
            await outcome(text("https://169.254.169.254/latest/meta-data")),
            await outcome(text("https://known.example/elsewhere")),
            await failure(get("http://example.com:8080/")),
            await failure(connect(5432, "10.0.0.1")),
            (await fetch(process.env.AWS_ENDPOINT_URL)).status,
          ];`,
      });
      assert.deepEqual(await (await call()).json(), [
        "GET /keys?a=1",
        "POST /post",
        "sandbox: no route to https://known.example.evil.example",
        "sandbox: no route to https://169.254.169.254",
        "fetch failed",
        "sandbox: no route to example.com:8080",
        "sandbox: no route to 10.0.0.1:5432",
        400,
      ]);
      assert.deepEqual(laptop.logOf(fn), [
        "sandbox: no route to https://known.example.evil.example",
        "sandbox: no route to https://169.254.169.254",
        "sandbox: no route to example.com:8080",
        "sandbox: no route to 10.0.0.1:5432",
      ]);
    });
  });

  it("keeps what it printed in its log group, in order, and prints nothing itself", async () => {
    const { id } = await laptop.create("aws:cloudwatch/logGroup:LogGroup", "own", { name: "/own/group" });
    const { call, fn } = await laptop.deploy("talker", {
      code: `
        console.log("loaded");
        export const handler = async (event, { awsRequestId, getRemainingTimeInMillis, functionName }) => {
          for (let line = 1; line <= 50; line++) console.log("line " + line);
          process.stdout.write("no end of line");
          return { awsRequestId, functionName, inTime: getRemainingTimeInMillis() > 1000 };
        };`,
      inputs: { loggingConfig: { logFormat: "JSON", logGroup: id } },
    });
    const response = await call();
    assert.deepEqual(await response.json(), {
      awsRequestId: response.headers.get("x-amzn-requestid"),
      functionName: "talker",
      inTime: true,
    });
    assert.deepEqual(laptop.logOf(fn), [
      "loaded",
      ...Array.from({ length: 50 }, (_, index) => `line ${index + 1}`),
    ]);
  });

  it("loses its log when its role may not write it, and the decision says so", async () => {
    const { call, fn } = await laptop.deploy("silent", {
      code: `console.log("lost"); export const handler = async () => "served";`,
    });
    putRolePolicy(
      laptop.account,
      "silent",
      "permissions",
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "logs:*", Resource: "arn:aws:logs:*:*:log-group:/other:*" }],
      }),
    );
    assert.equal(await (await call()).text(), '"served"');
    assert.deepEqual(laptop.logOf(fn), []);
    const decision = laptop.decisions.at(-1);
    assert.deepEqual([decision?.action, decision?.allowed], ["logs:CreateLogGroup", false]);
  });

  it("serves one request at a time, and stays for the next", async () => {
    const { call } = await laptop.deploy("counter", {
      code: `
        let served = 0, now = 0;
        export const handler = async () => {
          now += 1;
          await new Promise((resolve) => setTimeout(resolve, 5));
          const together = now;
          now -= 1;
          return { served: ++served, together };
        };`,
    });
    const answers = await Promise.all(Array.from({ length: 4 }, async () => (await call()).json()));
    assert.deepEqual(
      answers,
      [1, 2, 3, 4].map((served) => ({ served, together: 1 })),
    );
  });

  it("is a new one once code or configuration has changed", async () => {
    const code = (version: number) =>
      `export const handler = async () => [${version}, process.env.COLOR, process.pid];`;
    const { call, fn } = await laptop.deploy("changing", { code: code(1) });
    const served = async () => (await (await call()).json()) as [number, string | null, number];
    const first = await served();
    assert.deepEqual(first.slice(0, 2), [1, null]);
    assert.deepEqual(await served(), first);
    const changed = readFunctionCode(archiveOf({ "index.mjs": code(2) }), ROOT);
    updateFunction(laptop.account, fn, { code: changed });
    const second = await served();
    assert.deepEqual(second.slice(0, 2), [2, null]);
    updateFunction(laptop.account, fn, { configuration: { variables: { COLOR: "red" } } });
    const third = await served();
    assert.deepEqual(third.slice(0, 2), [2, "red"]);
    assert.equal(new Set([first[2], second[2], third[2]]).size, 3);
    assert.ok(!isRunning(first[2]) && !isRunning(second[2]));
  });

  it("is a new one once the keys of its session have expired", async () => {
    const { call } = await laptop.deploy("lasting", {
      code: "export const handler = async () => process.pid;",
    });
    const first = await (await call()).json();
    laptop.ahead = 12 * 3_600_000;
    try {
      assert.notEqual(await (await call()).json(), first);
    } finally {
      laptop.ahead = 0;
    }
  });

  it("has the account's clock, from request to request", async () => {
    const { call } = await laptop.deploy("clock", {
      code: `export const handler = async () => [Date.now(), new Date().getTime(), new Date(7).getTime()];`,
    });
    try {
      for (const hours of [0, 2, 1]) {
        laptop.ahead = hours * 3_600_000;
        const [now, made, given] = (await (await call()).json()) as number[];
        for (const time of [now, made]) assert.ok(Math.abs(laptop.account.now() - Number(time)) < 10_000);
        assert.equal(given, 7);
      }
    } finally {
      laptop.ahead = 0;
    }
  });

  it("is not started with a role that does not trust Lambda, and the decision names the condition", async () => {
    const { call, fn } = await laptop.deploy("untrusted", { code: "export const handler = async () => 1;" });
    const role = laptop.account.roles.get("untrusted");
    assert.ok(role);
    role.trustPolicy = JSON.stringify(LAMBDA_TRUST).replace("lambda.amazonaws.com", "ec2.amazonaws.com");
    const response = await call();
    assert.deepEqual([response.status, await response.text()], [502, "Internal Server Error"]);
    const decision = laptop.decisions.at(-1);
    assert.deepEqual(
      [decision?.who, decision?.action, decision?.resource, decision?.allowed],
      ["lambda.amazonaws.com", "sts:AssumeRole", fn.configuration.roleArn, false],
    );
    assert.match(decision?.because ?? "", /ec2\.amazonaws\.com/);
  });

  describe("that fails", () => {
    const failing = {
      throws: {
        code: 'throw new TypeError("gone wrong");',
        log: /^Invoke Error \{"errorType":"TypeError","errorMessage":"gone wrong"/,
      },
      "rejects with no error": {
        code: "throw undefined;",
        log: /^Invoke Error .*"errorMessage":"undefined"/,
      },
      "answers what JSON cannot say": {
        code: "const it = {}; it.it = it; return it;",
        log: /^Invoke Error .*circular/,
      },
    };
    for (const [title, { code, log }] of Object.entries(failing)) {
      it(`answers 502 when the handler ${title}, and serves the next request`, async () => {
        const name = title.replaceAll(" ", "-");
        const { call, fn } = await laptop.deploy(name, {
          code: `export const handler = async ({ rawPath }) => { if (rawPath === "/good") return process.pid; ${code} };`,
        });
        const pid = await (await call("good")).json();
        const response = await call();
        assert.deepEqual([response.status, await response.text()], [502, "Internal Server Error"]);
        assert.match(laptop.logOf(fn).join("\n"), log);
        assert.equal(await (await call("good")).json(), pid);
      });
    }

    it("answers 502 when the process ends, and starts another for the next request", async () => {
      const { call, fn } = await laptop.deploy("ending", {
        code: `export const handler = async ({ rawPath }) => { if (rawPath === "/end") process.exit(3); return "here"; };`,
      });
      assert.equal((await call("end")).status, 502);
      assert.match(
        laptop.logOf(fn).join("\n"),
        /Runtime exited with error: exit status 3 Runtime\.ExitError/,
      );
      assert.equal(await (await call()).text(), '"here"');
    });

    it("is killed when its time is up, in an endless loop too", async () => {
      const { call, fn } = await laptop.deploy("looping", {
        code: `export const handler = async ({ rawPath }) => { if (rawPath === "/loop") for (;;); return process.pid; };`,
        inputs: { timeout: 1 },
      });
      const pid = (await (await call()).json()) as number;
      const begun = performance.now();
      const response = await call("loop");
      const milliseconds = performance.now() - begun;
      assert.deepEqual([response.status, await response.text()], [502, "Internal Server Error"]);
      assert.ok(milliseconds >= 990 && milliseconds < 4000, `${milliseconds} ms`);
      assert.match(laptop.logOf(fn).at(-1) ?? "", /^\S+Z [0-9a-f-]{36} Task timed out after 1\.00 seconds$/);
      assert.notEqual(await (await call()).json(), pid);
      assert.ok(!isRunning(pid));
    });

    const unloadable = {
      "throws while it loads": { code: 'throw new Error("no configuration");', log: /no configuration/ },
      "exports no handler": {
        code: "export const handle = 1;",
        log: /index\.handler is undefined or not exported/,
      },
      "takes a callback, which Node 24 on Lambda does not": {
        code: "export const handler = (event, context, callback) => callback(null, 1);",
        log: /removed support for callback-based function handlers/,
      },
    };
    for (const [title, { code, log }] of Object.entries(unloadable)) {
      it(`answers 502 when the code ${title}, and loads it anew for each request`, async () => {
        const name = title.replaceAll(/[^\w]+/g, "-").slice(0, 40);
        const { call, fn } = await laptop.deploy(name, { code });
        for (const attempt of [1, 2]) {
          assert.equal((await call()).status, 502);
          const errors = laptop.logOf(fn).filter((line) => line.startsWith("Init Error"));
          assert.equal(errors.length, attempt);
          assert.match(errors.at(-1) ?? "", log);
        }
      });
    }
  });

  it("loads CommonJS, and files in folders", async () => {
    const { call } = await laptop.deploy("common", {
      code: {
        "app/index.js": "exports.handler = async () => require('./part.json');",
        "app/part.json": '{"a":1}',
      },
      inputs: { handler: "app/index.handler", runtime: "nodejs22.x" },
    });
    assert.deepEqual(await (await call()).json(), { a: 1 });
  });
});

/** A killed process stays on the list, dead, until whoever inherited it has noticed: ours are noticed by Node. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
