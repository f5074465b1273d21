import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createEscClient } from "../../cli/esc-client";
import { driftLines, readDefinitions } from "../../cli/stack-outputs";
import { verify } from "../../cli/verify";
import { createEscServer, EscService } from "../../sandbox/pulumi";

const accessToken = "pul-of-the-drift-test";
const id = { organization: "acme", project: "shop", name: "staging" };
const target = { ...id, version: undefined };
const program = "values:\n  environmentVariables: { PORT: 8080, HOST: db.internal }\n";

describe("escapement verify --stack-outputs", () => {
  let service: EscService;
  let url: string;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    service = new EscService({ organizations: ["acme"] });
    service.store.create(id);
    const server = createEscServer({ service, accessToken });
    url = await server.start({});
    stop = () => server.stop();
  });
  afterEach(() => stop());

  const run = async (outputs: object, options: { version?: string; promote?: boolean } = {}) => {
    const folder = await mkdtemp(path.join(tmpdir(), "escapement-outputs-"));
    try {
      const file = path.join(folder, "outputs.json");
      await writeFile(file, JSON.stringify(outputs));
      const client = await createEscClient({ url, accessToken });
      const { version, promote = false } = options;
      const moreLines = [driftLines(await readDefinitions(file))];
      return await verify(client, { ...target, version }, { promote, moreLines });
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  const outputs = { definitions: { "acme/shop/staging": program } };

  it("finds nothing where ESC has what the program says, and promotes it", async () => {
    await service.update(id, program);
    const result = await run(outputs, { promote: true });
    assert.deepEqual(
      [result.ok, result.live, result.lines],
      [true, 2, [{ name: "definition", problems: [] }]],
    );
    // What an up in the sandbox prints does as well.
    assert.equal((await run({ outputs, changes: {} })).ok, true);
  });

  it("names what an update that got lost left behind, and does not promote it", async () => {
    await service.update(id, program.replace("8080", "80"));
    const { ok, opens, live, lines } = await run(outputs, { promote: true });
    assert.deepEqual([ok, opens, live], [false, true, undefined]);
    assert.deepEqual(
      lines.map(({ name, problems }) => [name, problems[0]?.code, problems[0]?.reason]),
      [["values.environmentVariables.PORT", "drifted", "has drifted: the program says 8080, ESC has 80"]],
    );
  });

  it("names what somebody edited in the console, and shows nothing that they typed", async () => {
    await service.update(id, `${program}  debug: hunter2-hunter2\n`);
    const result = await run(outputs);
    assert.equal(result.ok, false);
    assert.match(
      JSON.stringify(result.lines),
      /"values\.debug".*the program has nothing there, ESC has a text of 15 characters/,
    );
    assert.ok(!JSON.stringify(result).includes("hunter2"));
  });

  it("compares the revision that is asked for", async () => {
    await service.update(id, program.replace("8080", "80"));
    service.store.createTag(id, "live", 2);
    await service.update(id, program);
    assert.equal((await run(outputs)).ok, true);
    const live = await run(outputs, { version: "live" });
    assert.equal(live.lines[0]?.problems[0]?.fix, "promote the revision that the program wrote");
  });

  it("says what it cannot compare", async () => {
    await service.update(id, program);
    const other = await run({ definitions: { "acme/shop/prod": program } });
    assert.deepEqual(other.ok, true);
    assert.match(other.lines[0]?.unknown ?? "", /outputs do not tell that of acme\/shop\/staging/);
    const refused = (text: RegExp) => ({ exitCode: 2, message: text });
    await assert.rejects(run({ urls: {} }), refused(/has no output `definitions`/));
    await assert.rejects(run({ definitions: "[secret]" }), refused(/are secret/));
    await assert.rejects(readDefinitions("/nowhere.json"), refused(/cannot be read/));
  });
});
