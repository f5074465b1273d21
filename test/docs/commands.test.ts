import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { commandsIn, type Documented, pages, readPage, root } from "./pages";

/** What runs a command that is not one of `escapement`: a file, and the words in it that do. */
const RUN_BY: readonly (readonly [command: RegExp, file: string, words: string])[] = [
  [/^npm ci( && npm (run sandbox|test))?$/, ".ci/run", "npm ci"],
  [/^npm run sandbox( -- --json)?$/, "test/sandbox/main-job.test.ts", "sandbox"],
  [/^npm run sandbox -- serve /, "tools/soak.mjs", '"serve", "--env-file"'],
  [/^npm run sandbox -- (preview|up|destroy) /, "test/day-two/state.test.ts", '"up"'],
  [/^npm test$/, ".ci/run", "npm test"],
  [/^npm (pack|install escapement)/, "tools/soak-package.ts", "install"],
  [/^set -a; \. \.\/sandbox\.env/, "tools/soak.mjs", "readEnvFile"],
  [/^(source .*|use escapement|dotenv_if_exists)/, "test/direnv/use-escapement.test.ts", "use escapement"],
  [/^npm run inventory/, "test/inventory/generate.test.ts", "inventoryCommand()"],
  [/^(\. \.\/settings\.sh|load_settings )/, "test/inventory/loaders.test.ts", "load_settings prod"],
  [/^curl .*\/api\/esc\/environments\//, "test/service/http.test.ts", "/api/esc/environments"],
  [/^aws secretsmanager list-secrets/, "tools/soak-aws-cli.ts", '"list-secrets"'],
  [
    /^aws secretsmanager put-secret-value .*made up|postgresql:\/\/db\/app/,
    "tools/soak-aws-cli.ts",
    '"put-secret-value"',
  ],
];

describe("The commands in the documentation", () => {
  const documented = pages.flatMap(commandsIn);

  it("are found at all", () => {
    assert.ok(documented.length > 30, `${documented.length} commands`);
  });

  it("are run by a test, or marked as needing a real account (a block that begins with ```sh account)", () => {
    const nobodys = documented.filter(({ needsAccount, ...one }) => !needsAccount && !isRun(one.command));
    assert.deepEqual(nobodys.map(place), []);
  });

  it("of escapement have the options that they are written with, in text and in blocks, account or not", async () => {
    const verbs = await readVerbs();
    const inText = pages
      .filter((page) => page !== "docs/components.md")
      .flatMap((page) =>
        readPage(page)
          .split("\n")
          .flatMap((line, index) =>
            [...line.matchAll(/`(?:npx )?(escapement [a-z][^`]*)`/g)].map(([, command = ""]) => ({
              page,
              line: index + 1,
              command,
            })),
          ),
      );
    const wrong = [...documented, ...inText].flatMap((one) => {
      const problem = misuse(one.command, verbs);
      return problem === undefined ? [] : [`${place(one)}: ${problem}`];
    });
    assert.deepEqual(wrong, []);
  });
});

function place({ page, line, command }: Pick<Documented, "page" | "line" | "command">): string {
  return `${page}:${line} ${command}`;
}

function isRun(command: string): boolean {
  const run = command.replace(/^(?:for \w+ in [^;]*; do )(.*); done$/, "$1");
  if (isMocha(run)) return testsNamed(run).every((named) => tests.some((file) => named.test(file)));
  const [, verb] = /^npx escapement (\w+)/.exec(run) ?? [];
  if (verb !== undefined) return testsOf(verb).length > 0;
  return RUN_BY.some(
    ([pattern, file, words]) =>
      pattern.test(run) && readFileSync(path.join(root, file), "utf8").includes(words),
  );
}

const tests = readdirSync(path.join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => `test/${file}`);

/** Tests are their own proof, as long as they are there. */
function isMocha(command: string): boolean {
  return /^(?:\w+=\S+ )?(?:npx mocha|\$mocha)\b|^mocha="npx mocha/.test(command);
}

/** The files and globs of a line for mocha. */
function testsNamed(command: string): RegExp[] {
  return [...command.matchAll(/test\/[\w./*-]+\.ts/g)].map(
    ([glob]) =>
      new RegExp(
        `^${glob
          .replaceAll(".", "[.]")
          .replaceAll("**/", "(.+/)?")
          .replace(/(?<![)])\*/g, "[^/]*")}$`,
      ),
  );
}

/** The tests that run a verb: through its command, or as a process. */
function testsOf(verb: string): string[] {
  const words = [`commands/${verb}"`, `"main.js"), "${verb}"`];
  return tests.filter((file) => {
    const text = readFileSync(path.join(root, file), "utf8");
    return words.some((each) => text.includes(each));
  });
}

/** `escapement <verb>` by verb: every file in `cli/commands` exports a function that makes one. */
async function readVerbs(): Promise<ReadonlyMap<string, Command>> {
  const verbs = new Map<string, Command>();
  const folder = path.join(root, "cli/commands");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts"))) {
    const exported: Record<string, unknown> = await import(path.join(folder, file));
    for (const [name, make] of Object.entries(exported)) {
      if (!/^[a-z]+Command$/.test(name) || typeof make !== "function") continue;
      const command = make() as Command;
      verbs.set(command.name(), command);
    }
  }
  return verbs;
}

/** What is wrong with a command's verb or options; undefined for nothing, and for another program. */
function misuse(text: string, verbs: ReadonlyMap<string, Command>): string | undefined {
  const [, line] =
    /(?:^|\s)(?:npx )?escapement ([a-z].*)$/.exec(
      text.replace(/^npm run sandbox --? ?/, "escapement sandbox "),
    ) ?? [];
  const words = (line ?? "").split(/[|;>&]/)[0]?.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  const [verb = ""] = words;
  // `escapement trust lint|explain`, a placeholder, or prose behind the name.
  if (line === undefined || !/^[a-z-]+$/.test(verb)) return undefined;
  let command = verbs.get(verb);
  if (command === undefined) return `there is no verb ${verb}`;
  for (const word of words.slice(1)) {
    const child: Command | undefined = command.commands.find((each) => each.name() === word);
    if (child !== undefined) command = child;
    const [name = ""] = word.split("=");
    if (/^--[a-z]/.test(name) && !command.options.some(({ long }) => long === name) && name !== "--help") {
      return `${command.name()} has no option ${name}`;
    }
  }
  return undefined;
}

describe("The pages", () => {
  it("are reached from README in two steps at the most", () => {
    const linked = (page: string) =>
      [...readPage(page).matchAll(/\]\(([^)#\s]+\.md)(?:#[^)]*)?\)/g)]
        .map(([, target = ""]) => path.join(path.dirname(page), target))
        .filter((target) => !target.startsWith(".."));
    const first = linked("README.md");
    const second = first.flatMap((page) => (existsSync(path.join(root, page)) ? linked(page) : []));
    const missing = [...first, ...second].filter((page) => !existsSync(path.join(root, page)));
    assert.deepEqual(missing, [], "no link leads nowhere");
    const reached = new Set(["README.md", ...first, ...second]);
    assert.deepEqual(
      pages.filter((page) => page.startsWith("docs/") && !reached.has(page)),
      [],
    );
  });
});
