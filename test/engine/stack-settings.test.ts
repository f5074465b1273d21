import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { EngineError, type EngineErrorCode, readStackSettings } from "../../sandbox/engine/index";

const project = "name: app\nruntime: nodejs\n";

describe("the settings of a stack", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "engine-settings-"));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function read(
    files: { project?: string; stack?: string },
    given: { config?: Record<string, string>; secretConfig?: Record<string, string> } = {},
  ) {
    await writeFile(path.join(directory, "Pulumi.yaml"), files.project ?? project);
    if (files.stack !== undefined) await writeFile(path.join(directory, "Pulumi.dev.yaml"), files.stack);
    return readStackSettings({ directory, stack: "dev", ...given });
  }

  function failsWith(code: EngineErrorCode, pattern: RegExp) {
    return (error: unknown) =>
      error instanceof EngineError && error.code === code && pattern.test(error.message)
        ? true
        : assert.fail(`${error}`);
  }

  it("are strings as written, and JSON for what has structure", async () => {
    const { config } = await read({
      stack: [
        "config:",
        "  app:version: 1.10",
        "  app:on: true",
        "  app:hex: 0x10",
        "  app:nothing:",
        '  app:text: "007"',
        "  app:config:old: spelling",
        "  aws:region: eu-central-1",
        "  short: own",
        "  app:list: &list [1, two, { three: 3.5 }]",
        "  app:again: *list",
      ].join("\n"),
    });
    assert.deepEqual(config, {
      "app:version": "1.10",
      "app:on": "true",
      "app:hex": "0x10",
      "app:nothing": "",
      "app:text": "007",
      "app:old": "spelling",
      "aws:region": "eu-central-1",
      "app:short": "own",
      "app:list": '[1,"two",{"three":3.5}]',
      "app:again": '[1,"two",{"three":3.5}]',
    });
  });

  it("take defaults from the project, in each of their spellings, where the stack is silent", async () => {
    const { config } = await read({
      project: `${project}config:
  plain: one
  typed: { type: integer, default: 2 }
  object: { type: object, default: { a: [1] } }
  kept: three
  aws:region: eu-west-1
  aws:profile: { value: none }
`,
      stack: "config:\n  app:kept: mine\n",
    });
    assert.deepEqual(config, {
      "app:plain": "one",
      "app:typed": "2",
      "app:object": '{"a":[1]}',
      "app:kept": "mine",
      "aws:region": "eu-west-1",
      "aws:profile": "none",
    });
  });

  it("are missing by name: all keys at once, with what to do", async () => {
    const files = {
      project: `${project}config:\n  domain: { type: string }\n  size:\n    description: how big\n`,
      stack: "config: {}\n",
    };
    await assert.rejects(
      read(files),
      failsWith(
        "ERR_ENGINE_CONFIG_MISSING",
        /^stack dev is missing the configuration values app:domain, app:size: .*Pulumi\.dev\.yaml.*--config/,
      ),
    );
    const { config } = await read(files, { config: { domain: "example.org", "app:size": "1" } });
    assert.deepEqual(config, { "app:domain": "example.org", "app:size": "1" });
  });

  it("refuse encrypted values by name, at any depth, and take them as --config instead, as secrets", async () => {
    const stack = `encryptionsalt: v1:abc
config:
  app:token: { secure: AAABBB }
  app:tree: { a: [ { secure: CCC } ] }
  app:open: visible
`;
    await assert.rejects(
      read({ stack }),
      (error: EngineError) =>
        error.code === "ERR_ENGINE_CONFIG_ENCRYPTED" &&
        error.message.includes("app:token, app:tree are encrypted (secure:)") &&
        error.message.includes("--config app:token=<value> --config app:tree=<value>") &&
        !/AAABBB|CCC/.test(error.message),
    );
    const settings = await read({ stack }, { config: { token: "hush", tree: '{"a":["hush"]}' } });
    assert.deepEqual(settings.config, { "app:open": "visible" });
    assert.equal(settings.secretConfig["app:token"]?.reveal(), "hush");
    assert.equal(settings.secretConfig["app:tree"]?.reveal(), '{"a":["hush"]}');
    assert.ok(!JSON.stringify(settings).includes("hush"));
  });

  it("keep secret what the project or the caller calls secret", async () => {
    const withSecret = `${project}config:\n  token: { type: string, secret: true }\n`;
    const { config, secretConfig } = await read(
      { project: withSecret, stack: "config:\n  app:other: plain\n" },
      { config: { token: "hush" }, secretConfig: { other: "hush hush" } },
    );
    assert.deepEqual(config, {});
    assert.deepEqual(Object.keys(secretConfig).sort(), ["app:other", "app:token"]);
    await assert.rejects(
      read({ project: withSecret, stack: "config:\n  app:token: hush\n" }),
      (error: EngineError) =>
        error.code === "ERR_ENGINE_CONFIG_TYPE" &&
        /must be encrypted/.test(error.message) &&
        !/hush/.test(error.message),
    );
  });

  for (const [type, good, bad] of [
    ["integer", "-3", "3.5"],
    ["boolean", "true", "maybe"],
    ["array", "[1]", "{ a: 1 }"],
    ["object", "{ a: 1 }", "text"],
    ["string", "text", "[1]"],
  ] as const) {
    it(`hold a value of the type ${type} to it`, async () => {
      const typed = `${project}config:\n  key: { type: ${type} }\n`;
      await read({ project: typed, stack: `config:\n  app:key: ${good}\n` });
      await assert.rejects(
        read({ project: typed, stack: `config:\n  app:key: ${bad}\n` }),
        failsWith("ERR_ENGINE_CONFIG_TYPE", new RegExp(`app:key of stack dev must be of type ${type}$`)),
      );
    });
  }

  it("name the stacks there are when the one asked for has no file", async () => {
    await writeFile(path.join(directory, "Pulumi.prod.yaml"), "config: {}\n");
    await writeFile(path.join(directory, "Pulumi.base.yaml"), "config: {}\n");
    await assert.rejects(
      read({}),
      failsWith(
        "ERR_ENGINE_STACK_MISSING",
        /no Pulumi\.dev\.yaml beside Pulumi\.yaml; known stacks: base, prod$/,
      ),
    );
  });

  it("cannot be asked for outside the project's folder", async () => {
    await writeFile(path.join(directory, "Pulumi.yaml"), project);
    await assert.rejects(
      readStackSettings({ directory, stack: "../x/../dev" }),
      failsWith("ERR_ENGINE_STACK_MISSING", /there is no stack file yet$/),
    );
  });

  it("name the environments that a stack file imports, in both spellings", async () => {
    const list = await read({ stack: "environment:\n  - app/base\n  - app/dev: { merge: false }\n" });
    assert.deepEqual(list.environments, ["app/base", "app/dev"]);
    const map = await read({ stack: "environment:\n  imports: [app/dev]\n" });
    assert.deepEqual(map.environments, ["app/dev"]);
  });

  it("run the program in the folder of its main, or in main itself when that is a folder", async () => {
    await mkdir(path.join(directory, "program"));
    await writeFile(path.join(directory, "program", "start.ts"), "");
    const file = await read({ project: `${project}main: program/start.ts\n`, stack: "" });
    assert.deepEqual([file.programDirectory, file.main], [path.join(directory, "program"), "start.ts"]);
    const folder = await read({ project: `${project}main: program\n`, stack: "" });
    assert.deepEqual([folder.programDirectory, folder.main], [path.join(directory, "program"), "."]);
  });

  for (const [what, content, pattern] of [
    ["is not YAML", "name: [", /^Pulumi\.yaml cannot be read/],
    ["has no name", "runtime: nodejs\n", /^Pulumi\.yaml: name:/],
    ["runs in another language", "name: app\nruntime: python\n", /^Pulumi\.yaml: runtime/],
    [
      "has runtime options that have no effect here",
      "name: app\nruntime: { name: nodejs, options: { nodeargs: -x } }\n",
      /runtime/,
    ],
    ["has a main that does not exist", `${project}main: nowhere.ts\n`, /main: nowhere\.ts does not exist$/],
    ["has a main outside its folder", `${project}main: ../x.ts\n`, /not inside the project's folder$/],
    [
      "gives a foreign key a default",
      `${project}config: { "aws:region": { default: a } }\n`,
      /not in the namespace app/,
    ],
    ["gives a key default and value", `${project}config: { key: { default: a, value: b } }\n`, /keep one$/],
    ["gives a key a type that is none", `${project}config: { key: { type: text } }\n`, /config\.key: type/],
  ] as const) {
    it(`refuse a Pulumi.yaml that ${what}`, async () => {
      await assert.rejects(
        read({ project: content, stack: "" }),
        failsWith("ERR_ENGINE_PROJECT_FILE", pattern),
      );
    });
  }

  for (const [what, content, pattern] of [
    ["is not YAML", "config: [", /^Pulumi\.dev\.yaml cannot be used: .*line 1/],
    ["is a list", "- a\n", /it is not a mapping$/],
    ["has a list for config", "config: [a]\n", /config: is not a mapping$/],
    ["sets a key twice", "config:\n  app:a: 1\n  app:a: 2\n", /unique/],
  ] as const) {
    it(`refuse a stack file that ${what}`, async () => {
      await assert.rejects(read({ stack: content }), failsWith("ERR_ENGINE_STACK_FILE", pattern));
    });
  }
});
