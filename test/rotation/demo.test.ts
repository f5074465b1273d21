import assert from "node:assert/strict";
import path from "node:path";
import { LaptopCloud } from "../../sandbox/cloud";
import { type RotationReport, runRotationDemo } from "../../sandbox/rotation-demo";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

// Proves the whole way: ESC's evaluator, its token, the deployed bundle with the deployed role, the journal in the
// account, a real PostgreSQL server, and the state written back.
describe("a PostgreSQL credential, rotated by ESC through the deployed adapter", function () {
  this.timeout(60_000);
  let cloud: LaptopCloud;
  let report: RotationReport;
  before(async () => {
    cloud = await LaptopCloud.start();
    const directory = path.join(__dirname, "../../examples/rotation");
    report = await runRotationDemo({ cloud, directory });
  });
  after(() => cloud.stop());

  it("is rotated twice while two clients query, and no query fails", () => {
    assert.deepEqual(report.problems, []);
    assert.deepEqual([report.ok, report.queries.failed], [true, 0]);
    assert.ok(report.queries.current >= 5 && report.queries.previous >= 5, JSON.stringify(report.queries));
    assert.deepEqual(
      report.rotations.map(({ slot }) => slot),
      ["a", "b", "a"],
    );
    assert.equal(new Set(report.rotations.map(({ version }) => version)).size, 3);
  });

  it("leaves each state as a revision of its own, with ciphertext alone", () => {
    const id = { organization: "acme", project: "orders", name: "rotated-staging-database" };
    const [latest] = cloud.esc.store.revisions(id);
    assert.equal(latest?.number, report.rotations.at(-1)?.revision);
    assert.match(
      String(latest?.yaml),
      /state:\n\s+current:\n\s+fn::fromJSON:\n\s+fn::secret:\n\s+ciphertext: /,
    );
  });
});
