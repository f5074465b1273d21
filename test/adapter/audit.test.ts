import assert from "node:assert/strict";
import { createAuditLog, METRICS, METRICS_NAMESPACE } from "../../lambda/audit/log";
import { type RequestRecord, type RequestTrace, recordOf } from "../../lambda/audit/record";
import { AdapterError } from "../../lambda/errors";

const answered: RequestRecord = {
  level: "info",
  message: "answered",
  requestId: "r-1",
  status: 200,
  durationMilliseconds: 3,
  cold: true,
  names: ["database"],
};

// Proves what is written: one line a record whatever it holds, and which numbers CloudWatch takes out of it.
describe("the audit log", () => {
  /** All that is written to stdout and stderr meanwhile. */
  function written(write: () => void): string {
    const streams = [process.stdout, process.stderr] as const;
    const originals = streams.map((stream) => stream.write);
    let all = "";
    for (const stream of streams) {
      stream.write = ((chunk: string) => {
        all += chunk;
        return true;
      }) as typeof stream.write;
    }
    try {
      write();
    } finally {
      streams.forEach((stream, index) => {
        stream.write = originals[index] as typeof stream.write;
      });
    }
    return all;
  }
  const lineOf = (record: RequestRecord, metrics: boolean): Record<string, unknown> => {
    const text = written(() => createAuditLog({ service: "door", metrics })(record));
    assert.match(text, /^[^\n]*\n$/);
    return JSON.parse(text);
  };

  it("is one line of JSON a record, which nothing in the record breaks", () => {
    const { timestamp, ...line } = lineOf({ ...answered, names: ['a"}\n{"level":"INFO"', "\u2028"] }, false);
    assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(line, {
      level: "INFO",
      message: "answered",
      service: "door",
      requestId: "r-1",
      status: 200,
      durationMilliseconds: 3,
      cold: true,
      names: ['a"}\n{"level":"INFO"', "\u2028"],
    });
  });

  const outcomes: readonly (readonly [what: string, record: Partial<RequestRecord>, metrics: object])[] = [
    ["an answer of a cold start", {}, { Answered: 1, ColdStarts: 1 }],
    ["a refusal", { status: 401, cold: false }, { Refused: 1 }],
    ["a failure with stale keys", { status: 503, cold: false, staleKeys: true }, { Failed: 1, StaleKeys: 1 }],
  ];
  for (const [what, changes, expected] of outcomes) {
    it(`carries the metrics of ${what} in the same line`, () => {
      const line = lineOf({ ...answered, ...changes }, true);
      const { CloudWatchMetrics } = line._aws as { CloudWatchMetrics: Record<string, unknown>[] };
      assert.deepEqual(CloudWatchMetrics, [
        {
          Namespace: METRICS_NAMESPACE,
          Dimensions: [["service"]],
          Metrics: Object.keys(expected).map((Name) => ({ Name, Unit: "Count" })),
        },
      ]);
      const counted = Object.values(METRICS).filter((name) => name in line);
      assert.deepEqual(Object.fromEntries(counted.map((name) => [name, line[name]])), expected);
      assert.equal(line.service, "door");
    });
  }

  it("counts no record twice, and notices not at all", () => {
    const log = createAuditLog({ service: "door", metrics: true });
    const lines = written(() => {
      log(answered);
      log({ level: "warn", message: "notice", reason: "x" });
      log(answered);
    });
    const [first, notice, second] = lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual([first.Answered, second.Answered, notice._aws], [1, 1, undefined]);
  });

  it("cannot be silenced by a variable in the environment", () => {
    const saved = { ...process.env };
    Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: "SILENT", LOG_LEVEL: "SILENT" });
    try {
      assert.equal(lineOf(answered, false).message, "answered");
    } finally {
      for (const name of ["POWERTOOLS_LOG_LEVEL", "LOG_LEVEL"]) {
        if (saved[name] === undefined) delete process.env[name];
        else process.env[name] = saved[name];
      }
    }
  });
});

describe("an audit record", () => {
  const trace: RequestTrace = { requestId: "r-1", started: 1_000, cold: false };

  it("says how long it took, and how grave it is", () => {
    const end = (status: number, code: AdapterError["code"]) =>
      recordOf(trace, { now: 1_250, status, error: new AdapterError(code, "reason") });
    assert.deepEqual(
      [end(401, "token_expired"), end(503, "replay_unavailable")].map(({ level, durationMilliseconds }) => [
        level,
        durationMilliseconds,
      ]),
      [
        ["warn", 250],
        ["error", 250],
      ],
    );
    assert.equal(end(503, "keys_unavailable").staleKeys, true);
  });

  it("cuts what a caller can make long", () => {
    const names = Array.from({ length: 100 }, () => "x".repeat(1_000));
    const long = recordOf(
      { ...trace, asked: { action: "open", source: "s", names } },
      { now: 1, status: 200 },
    );
    assert.deepEqual([long.names?.length, long.names?.[0]?.length], [20, 256]);
  });
});
