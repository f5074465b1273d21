import assert from "node:assert/strict";
import { createAccount } from "../../sandbox/aws";
import { checkPattern, rateMilliseconds, runSchedules, takeEvent } from "../../sandbox/aws/events";
import { isDue, parseCron } from "../../sandbox/pulumi/cron";

const at = (time: string) => Date.parse(`${time}Z`);

// Proves when the sandbox's clock has something rotated, and who hears of it.
describe("a schedule of the sandbox", () => {
  const cases: readonly [string, string, string, boolean][] = [
    ["0 3 1 * *", "2026-11-20T00:00", "2026-12-01T02:59", false],
    ["0 3 1 * *", "2026-11-20T00:00", "2026-12-01T03:00", true],
    ["*/15 * * * *", "2026-11-20T10:01", "2026-11-20T10:14", false],
    ["*/15 * * * *", "2026-11-20T10:01", "2026-11-20T10:15", true],
    ["0 0 * * 1-5", "2026-11-20T00:00", "2026-11-22T23:59", false],
    ["0 0 * * 0", "2026-11-20T00:00", "2026-11-22T00:00", true],
    ["0 0 * * 7", "2026-11-20T00:00", "2026-11-22T00:00", true],
    ["0 0 13 * 5", "2026-11-14T00:00", "2026-11-20T00:00", true],
    ["30 2 29 2 *", "2026-11-20T00:00", "2028-02-29T02:30", true],
    ["30 2 29 2 *", "2026-11-20T00:00", "2028-02-29T02:29", false],
    ["0 3 1,15 * *", "2026-11-20T03:00", "2026-12-01T03:00", true],
  ];
  for (const [cron, after, until, due] of cases) {
    it(`${cron} has ${due ? "come" : "not come"} between ${after} and ${until}`, () => {
      assert.equal(isDue(parseCron(cron), at(after), at(until)), due);
    });
  }

  it("that is none is refused", () => {
    for (const cron of [
      "",
      "0 3 * *",
      "60 * * * *",
      "* * 0 * *",
      "a * * * *",
      "*/0 * * * *",
      "5-1 * * * *",
    ]) {
      assert.throws(() => parseCron(cron), { code: "ERR_ESC_SERVICE_BAD_REQUEST" }, cron);
    }
    assert.equal(rateMilliseconds("rate(2 hours)"), 7_200_000);
    for (const rate of ["cron(0 3 * * ? *)", "rate(0 days)", "rate(1 week)"]) {
      assert.throws(() => rateMilliseconds(rate), { code: "ValidationException" }, rate);
    }
  });
});

describe("EventBridge of the sandbox", () => {
  const FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:restart";
  const QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue";

  function account(pattern: object | undefined, schedule?: string) {
    let now = at("2026-11-20T00:00");
    const made = createAccount({ now: () => now });
    made.eventRules.set("arn:rule", {
      name: "rule",
      arn: "arn:rule",
      region: "us-east-1",
      bus: "default",
      pattern: pattern && JSON.stringify(pattern),
      schedule,
      enabled: true,
      description: "",
      tags: {},
      targets: new Map([
        ["fn", { id: "fn", arn: FUNCTION, input: undefined }],
        ["queue", { id: "queue", arn: QUEUE, input: undefined }],
      ]),
      actedAt: now,
    });
    const permissions = new Map([
      [
        "rule",
        {
          action: "lambda:InvokeFunction",
          principal: "events.amazonaws.com",
          conditions: { "AWS:SourceArn": "arn:rule" },
        },
      ],
    ]);
    made.functions.set(FUNCTION, { permissions } as never);
    return {
      made,
      permissions,
      later: (milliseconds: number) => {
        now += milliseconds;
      },
    };
  }
  const take = (made: ReturnType<typeof account>["made"], detail: object, sent: object[]) =>
    takeEvent(
      made,
      {
        region: "us-east-1",
        bus: "default",
        source: "escapement",
        detailType: "Rotation succeeded",
        detail: JSON.stringify(detail),
      },
      (_arn, event) => void sent.push(event),
    );

  it("sends an event where a pattern matches, and to a function only that its policy lets in", () => {
    const { made, permissions } = account({
      source: ["escapement"],
      detail: { target: [{ prefix: "postgres/" }] },
    });
    const sent: object[] = [];
    assert.deepEqual(take(made, { target: "postgres/db" }, sent).sentTo, [FUNCTION, QUEUE]);
    assert.equal((sent[0] as { "detail-type": string })["detail-type"], "Rotation succeeded");
    assert.deepEqual(take(made, { target: "http-api/key" }, sent).sentTo, []);
    permissions.clear();
    assert.deepEqual(take(made, { target: "postgres/db" }, sent).sentTo, [QUEUE]);
    assert.equal(sent.length, 1);
  });

  it("acts on a rate once, however often it has come since", () => {
    const { made, later } = account(undefined, "rate(1 day)");
    const sent: object[] = [];
    const act = () => runSchedules(made, (_arn, event) => void sent.push(event));
    act();
    later(86_399_000);
    act();
    assert.equal(sent.length, 0);
    later(3 * 86_400_000);
    act();
    act();
    assert.equal(sent.length, 1);
  });

  it("refuses by name what it does not know of patterns", () => {
    checkPattern('{"detail":{"code":[{"exists":true}]}}');
    for (const pattern of ["[]", "{", '{"source":"x"}', '{"source":[{"numeric":[">",1]}]}']) {
      assert.throws(() => checkPattern(pattern), { code: "InvalidEventPatternException" }, pattern);
    }
  });
});
