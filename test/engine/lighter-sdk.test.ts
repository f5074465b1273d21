import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { writeInto } from "../support/write-into";

const lighter = require.resolve("../../sandbox/engine/lighter-sdk.cjs");

// Proves it on a small SDK; that programs run with Pulumi's own is what the other tests of this room prove.
describe("What Pulumi's SDK seldom uses", () => {
  let folder: string;
  before(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), "escapement-lighter-")));
    const files = {
      "node_modules/@npmcli/arborist/index.js":
        "global.loaded = (global.loaded ?? 0) + 1; exports.Arborist = class { says = 'read' };",
      "sdk/code-paths.js":
        "const arborist = require('@npmcli/arborist'); exports.read = () => new arborist.Arborist().says;",
      "program.js": "exports.all = Object.keys(require('@npmcli/arborist'));",
      "main.js": `
        require(${JSON.stringify(lighter)}).loadWhenUsed(__dirname + "/sdk");
        const { read } = require("./sdk/code-paths");
        const before = global.loaded;
        console.log(JSON.stringify({ before, read: [read(), read()], after: global.loaded, ...require("./program") }));`,
    };
    for (const [name, text] of Object.entries(files)) writeInto(folder, name, text);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is loaded when it is used, once, and a program has it as it is", () => {
    const printed = execFileSync(process.execPath, [path.join(folder, "main.js")], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(printed), { read: ["read", "read"], after: 1, all: ["Arborist"] });
  });
});

// Proves it on the SDK's own modules, in a process of its own: a debugger is on for all of one.
describe("V8's debugger, which the SDK turns on", () => {
  it("is on once it is asked where functions stand, and knows it of what was loaded before", () => {
    const program = `
      const { debugWhenUsed } = require(${JSON.stringify(lighter)});
      const { Session } = require("node:inspector");
      let sessions = 0;
      const { connect } = Session.prototype;
      Session.prototype.connect = function () { sessions += 1; return connect.call(this); };
      const hooks = require("@pulumi/pulumi/runtime/closure/v8Hooks");
      debugWhenUsed(hooks);
      const { getFunctionLocationAsync } = require("@pulumi/pulumi/runtime/closure/v8");
      hooks.isInitializedAsync().then(async () => {
        const before = sessions;
        const found = await Promise.all([debugWhenUsed, debugWhenUsed].map((each) => getFunctionLocationAsync(each)));
        console.log(JSON.stringify({ before, files: found.map((each) => each.file), after: sessions }));
      });`;
    const printed = execFileSync(process.execPath, ["-e", program], { cwd: __dirname, encoding: "utf8" });
    const files = Array(2).fill(pathToFileURL(lighter).href);
    assert.deepEqual(JSON.parse(printed), { before: 0, files, after: 1 });
  });
});
