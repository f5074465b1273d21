// `use escapement` by the real direnv, against the sandbox's ESC service; `pulumi` and `esc` are stand-ins for the command
// line that is called.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { environment, external, type Value } from "../../esc/definition/index";
import { base, dev } from "../../esc/environments/index";
import { itemsOf } from "../../esc/inventory";
import { ACCESS_TOKEN, type StartedService, startService, write } from "../service/support";
import { findDirenv, Laptop } from "./direnv";

const root = join(__dirname, "..", "..");

const AWKWARD = 'it\'s "$HOME" $(touch /tmp/escapement-ran) `id`\nsecond line\\ \t; & | * ~ é 日本 ';
const SECRET = "made-up-secret-of-this-test";

const variables = { AWKWARD, NUMBER: 9007199254740991, EMPTY: null, LIST: ["left", "out"] };

/** A definition with these variables, and a secret. */
const definition = (own: Readonly<Record<string, Value>>) =>
  `${environment().value("environmentVariables", own).render()}    SECRET: { fn::secret: ${SECRET} }\n`;

describe("use escapement", function () {
  this.timeout(60_000);
  let direnv: string;
  let service: StartedService;
  let laptop: Laptop;
  const laptops: Laptop[] = [];
  const opens = () => service.log.filter(({ path }) => path.endsWith("/open")).length;

  before(async () => {
    direnv = findDirenv();
    service = await startService();
    await write(service.service, "shop/dev", definition(variables));
    laptop = newLaptop();
    await laptop.envrc("use escapement acme/shop/dev SECRET AWKWARD", "export AFTER=1");
  });
  after(async () => {
    for (const each of laptops) each.remove();
    await service?.stop();
  });

  function newLaptop(variables: Readonly<Record<string, string>> = {}, project?: string): Laptop {
    const login = { PULUMI_BACKEND_URL: service.url, PULUMI_ACCESS_TOKEN: ACCESS_TOKEN };
    const made = new Laptop(direnv, { ...login, ...variables }, project);
    laptops.push(made);
    return made;
  }

  describe("with an environment that opens", () => {
    it("sets each variable to what ESC has, to the letter", async () => {
      const { changes, stderr } = await laptop.prompt();
      assert.equal(changes.AWKWARD, AWKWARD, stderr);
      assert.equal(changes.NUMBER, "9007199254740991");
      assert.equal(changes.EMPTY, "");
      assert.ok(!("LIST" in changes));
      assert.match(stderr, /escapement: opened: acme\/shop\/dev, revision 2: 4 variables/);
      assert.doesNotMatch(stderr, new RegExp(SECRET));
    });

    it("leaves a secret in no file", () => {
      assert.equal(laptop.environment.SECRET, SECRET);
      assert.doesNotMatch(laptop.written(), new RegExp(`${SECRET}|${ACCESS_TOKEN}`));
    });

    it("does not open it again for an unchanged revision: not at the next prompt, not at a reload", async () => {
      const before = opens();
      assert.deepEqual((await laptop.prompt()).changes, {});
      laptop.reload();
      const { stderr, changes } = await laptop.prompt();
      assert.match(stderr, /escapement: unchanged: acme\/shop\/dev, revision 2/);
      assert.deepEqual([changes.AWKWARD, laptop.environment.AWKWARD], [undefined, AWKWARD]);
      assert.equal(opens(), before);
    });

    it("opens it again when a variable was changed by hand, or ESCAPEMENT_MAX_AGE says so", async () => {
      laptop.environment.AWKWARD = "by hand";
      laptop.reload();
      assert.equal((await laptop.prompt()).changes.AWKWARD, AWKWARD);
      const before = opens();
      laptop.environment.ESCAPEMENT_MAX_AGE = "0";
      laptop.reload();
      await laptop.prompt();
      delete laptop.environment.ESCAPEMENT_MAX_AGE;
      assert.equal(opens(), before + 1);
    });

    it("opens a new revision", async () => {
      await service.service.update(
        { organization: "acme", project: "shop", name: "dev" },
        definition({ AWKWARD, NEW: "yes" }),
      );
      laptop.reload();
      const { changes } = await laptop.prompt();
      assert.deepEqual([changes.NEW, changes.EMPTY], ["yes", null]);
    });

    it("quotes whatever a value holds, in a real bash too", async () => {
      const character = fc.oneof(
        fc.constantFrom(..."'\"\\$`!\n\r\t ;&|<>(){}[]*?~#%=-"),
        fc.integer({ min: 1, max: 0x2ff }).map((code) => String.fromCodePoint(code)),
        fc.constantFrom("日", "👩‍👧", "\u2028", "\ufeff"),
      );
      const values = fc.sample(fc.string({ unit: character, maxLength: 40 }), { seed: 1, numRuns: 200 });
      const made = Object.fromEntries(values.map((value, index) => [`V${index}`, value]));
      const yaml = environment().environmentVariables(made).render();
      await write(service.service, "shop/awkward", yaml);
      const other = newLaptop();
      await other.envrc("use escapement acme/shop/awkward");
      const { changes, stderr } = await other.prompt();
      for (const [name, value] of Object.entries(made)) {
        assert.equal(changes[name] ?? other.environment[name], value, `${name} ${stderr}`);
      }
      const fresh = newLaptop();
      await fresh.envrc("use escapement acme/shop/dev");
      assert.equal(await fresh.inBash("AWKWARD"), AWKWARD);
    });
  });

  describe("fails at once, says why on one line, and sets nothing", () => {
    /** What direnv is given to evaluate: nothing. */
    async function givesNothing({ use, variables = {}, wants }: Parameters<typeof refused>[0]) {
      const node = [process.execPath, join(root, "esc", "direnv", "environment.cjs"), "0", ...use.split(" ")];
      const { code, stdout, stderr } = await newLaptop(variables).run(node);
      assert.deepEqual([code, stdout, stderr.split("\n").length], [1, "", 2], stderr);
      assert.match(stderr, wants);
      assert.doesNotMatch(stderr, new RegExp(`${SECRET}|${ACCESS_TOKEN}`));
    }

    async function refused(options: {
      use: string;
      variables?: Record<string, string>;
      wants: RegExp;
      path?: string;
    }) {
      const other = newLaptop(options.variables);
      await other.envrc(`use escapement ${options.use}`, "export AFTER=1");
      const { changes, stderr } = await other.prompt();
      const told = stderr.split("\n").filter((line) => line.startsWith("direnv: escapement: "));
      assert.equal(told.length, 1, stderr);
      assert.match(told[0] ?? "", options.wants);
      assert.deepEqual(
        Object.keys(changes).filter((name) => !name.startsWith("DIRENV_")),
        [],
      );
      assert.doesNotMatch(stderr, new RegExp(`${SECRET}|${ACCESS_TOKEN}`));
    }

    it("where variables are missing, all of them", () =>
      refused({
        use: "acme/shop/dev SECRET DATABASE_URL LIST",
        wants: /acme\/shop\/dev has no DATABASE_URL, no LIST: set them there under environmentVariables$/,
      }));

    it("where the service is down", () =>
      refused({
        use: "acme/shop/dev",
        variables: { PULUMI_BACKEND_URL: "http://127.0.0.1:9" },
        wants: /http:\/\/127\.0\.0\.1:9 did not answer \(\w+\): is it up, and is PULUMI_BACKEND_URL right\?$/,
      }));

    it("where the service does not answer", async () => {
      const silent = createServer(() => {});
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      await refused({
        use: "acme/shop/dev",
        variables: { PULUMI_BACKEND_URL: url, ESCAPEMENT_TIMEOUT: "0.2" },
        wants: /did not answer within 0\.2 seconds/,
      });
      silent.closeAllConnections();
      silent.close();
    });

    it("where nobody is logged in, or with a token that the service refuses", async () => {
      const none = { PULUMI_ACCESS_TOKEN: "" };
      await givesNothing({
        use: "acme/shop/dev",
        variables: none,
        wants: /pulumi command is not installed, and PULUMI_ACCESS_TOKEN/,
      });
      const wrong = { PULUMI_ACCESS_TOKEN: "pul-wrong" };
      await givesNothing({ use: "acme/shop/dev", variables: wrong, wants: /refuses PULUMI_ACCESS_TOKEN\n/ });
    });

    it("where the environment is not there, does not open, or is misspelt", async () => {
      const broken = environment()
        .value("partner", external<{ key: string }>({ url: "https://adapter.example.com/open" }))
        .environmentVariables(({ partner }) => ({ KEY: partner.response.key }));
      await write(service.service, "shop/broken", broken.render());
      await givesNothing({ use: "acme/shop/absent", wants: /acme\/shop\/absent does not open: / });
      await givesNothing({
        use: "acme/shop/broken",
        wants: /acme\/shop\/broken does not open: .*:\d+:\d+: .*external/,
      });
      await givesNothing({ use: "shop", wants: /"shop" must be \[organization\/\]project\/name/ });
      await givesNothing({
        use: "shop/dev",
        wants: /which organization\? Write organization\/shop\/dev, or set PULUMI_ORG/,
      });
    });

    it("where a name is none, or belongs to bash or direnv", async () => {
      for (const [index, name] of ["A;id", "DIRENV_DIFF", "UID"].entries()) {
        await write(
          service.service,
          `shop/name${index}`,
          `values: { environmentVariables: { "${name}": x } }`,
        );
        await givesNothing({
          use: `acme/shop/name${index}`,
          wants: /cannot be (?:the name of a variable|set: it belongs)/,
        });
      }
    });
  });

  describe("with the commands of Pulumi", () => {
    /** Puts down how it was called, and answers as v0.26.0's `env open` and `env version` do. */
    const standIn = (answer: string) => `
      printf '%s\\n' "$(basename "$0") $*" >>"$HOME/calls"
      case "$*" in
        "env version acme/shop/dev@latest") printf 'latest\\nRevision 7\\nLast updated at today by someone\\n' ;;
        "env open acme/shop/dev environmentVariables --format json") ${answer} ;;
        *) echo "unexpected arguments" >&2; exit 64 ;;
      esac`;
    const json = `printf '%s\\n' '{"A": "it\\u0027s $(id)", "N": 1.50, "L": []}'`;

    for (const command of ["pulumi", "esc"]) {
      it(`asks ${command} where it is installed, and its revision again at a reload`, async () => {
        const other = newLaptop();
        other.install(command, standIn(json));
        await other.envrc("use escapement acme/shop/dev A");
        const { changes, stderr } = await other.prompt();
        assert.deepEqual([changes.A, changes.N, changes.L], ["it's $(id)", "1.50", undefined], stderr);
        other.reload();
        assert.match((await other.prompt()).stderr, /unchanged: acme\/shop\/dev, revision 7/);
        const version = `${command} env version acme/shop/dev@latest`;
        const open = `${command} env open acme/shop/dev environmentVariables --format json`;
        assert.deepEqual(other.read("calls").trim().split("\n"), [version, open, version]);
      });
    }

    it("prefers pulumi, whose older name esc is", async () => {
      const other = newLaptop();
      for (const command of ["esc", "pulumi"]) other.install(command, standIn(json));
      await other.envrc("use escapement acme/shop/dev");
      await other.prompt();
      assert.match(other.read("calls"), /^pulumi .*\npulumi .*\n$/);
    });

    it("takes nothing on stdout for a failure, although the command ends with 0", async () => {
      const other = newLaptop();
      other.install("pulumi", standIn("echo 'shop/dev:3:5: unknown property \"x\"' >&2"));
      await other.envrc("use escapement acme/shop/dev");
      const { changes, stderr } = await other.prompt();
      assert.match(
        stderr,
        /escapement: acme\/shop\/dev does not open: shop\/dev:3:5: unknown property "x"\n/,
      );
      assert.ok(!("A" in changes));
    });

    it("passes on why the command failed, without what moves a cursor", async () => {
      const other = newLaptop();
      other.install("pulumi", "printf '\\033[31merror:\\033[0m not logged in\\a\\n' >&2; exit 255");
      await other.envrc("use escapement acme/shop/dev");
      const { stderr } = await other.prompt();
      assert.match(stderr, /escapement: pulumi env open acme\/shop\/dev: error: not logged in\?\n/);
    });
  });

  it("takes the sandbox's variables while its file is there, and the other service's again once it is gone", async () => {
    const other = newLaptop({ PULUMI_BACKEND_URL: "http://127.0.0.1:9", PULUMI_ACCESS_TOKEN: "" });
    const file = `PULUMI_BACKEND_URL=${service.url}\nPULUMI_ACCESS_TOKEN=${ACCESS_TOKEN}\nPULUMI_ORG=acme\n`;
    other.write("sandbox.env", file);
    await other.envrc("dotenv_if_exists sandbox.env", "use escapement shop/dev SECRET");
    assert.equal((await other.prompt()).changes.SECRET, SECRET);
    other.write("sandbox.env", undefined);
    const { stderr, changes } = await other.prompt();
    assert.match(stderr, /PULUMI_ACCESS_TOKEN is not set/);
    assert.equal(changes.SECRET, null);
  });

  it("gives this project's own .envrc all variables of dev, from the sandbox's service", async () => {
    await write(
      service.service,
      "escapement/base",
      base({ domain: "example.com", region: "eu-west-1" }).render(),
    );
    await write(service.service, "escapement/dev", dev({ project: "escapement" }).render());
    const own = newLaptop({ PULUMI_ORG: "acme" }, root);
    await own.allow();
    const { changes, stderr } = await own.prompt();
    const declared = itemsOf("dev").flatMap(({ values }) => values.flatMap(({ variable }) => variable ?? []));
    for (const name of declared) assert.ok(changes[name], `${name}: ${stderr}`);
    // Those that it requires are those that there are.
    assert.match(stderr, new RegExp(`using escapement escapement/dev ${declared.sort().join(" ")}\n`));
    assert.equal(changes.API_URL, "http://localhost:8080");
  });
});
