import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { Ajv2020 } from "ajv/dist/2020";
import { generateFiles } from "../../esc/inventory/generate";
import type { Inventory } from "../../esc/inventory/item";
import { loadSettings, Secret, SettingsError } from "../../examples/oceanid/generated/settings";
import { nerLabels } from "../../examples/oceanid/labels";

type Environment = Readonly<Record<string, string>>;

const generated = path.join(__dirname, "../../examples/oceanid/generated");
const good: Environment = {
  DATABASE_URL: "postgresql://app:k3y-of-the-test@p.crunchybridge.com:5432/oceanid",
  HF_TOKEN: `hf_${"aBcDe".repeat(7)}`,
  SENTRY_DSN: "https://00112233445566778899aabbccddeeff@o1.ingest.sentry.io/2",
  NER_LABELS: JSON.stringify(nerLabels),
};
const { DATABASE_URL: _, ...withoutDatabase } = good;
const DATABASE =
  "DATABASE_URL is not postgresql://user:password@host[:port]/database; in the password @ / : ? # % percent-encoded";
const LABELS = "NER_LABELS is not a JSON array of exactly 63 labels";

/** Environments, what is wrong with each, and whether a shell can see it. */
const cases: readonly (readonly [
  environment: Environment,
  problems: readonly string[],
  blind?: "shell is blind",
])[] = [
  [good, []],
  [withoutDatabase, ["DATABASE_URL is missing"]],
  [{}, ["DATABASE_URL", "HF_TOKEN", "SENTRY_DSN", "NER_LABELS"].map((name) => `${name} is missing`)],
  [{ ...good, HF_TOKEN: "", SENTRY_DSN: " \t" }, ["HF_TOKEN is empty", "SENTRY_DSN is empty"]],
  [
    {
      ...good,
      HF_TOKEN: "Changeme",
      DATABASE_URL: "postgresql://app:<your password>@host/db",
      SENTRY_DSN: "${DSN}",
    },
    ["DATABASE_URL is a placeholder", "HF_TOKEN is a placeholder", "SENTRY_DSN is a placeholder"],
  ],
  [
    { ...good, DATABASE_URL: "mysql://a:b@c/d", HF_TOKEN: "sk-'\"$(touch /tmp/x)`" },
    [DATABASE, "HF_TOKEN is not a Hugging Face token: hf_…"],
  ],
  [{ ...good, DATABASE_URL: `${good.DATABASE_URL}\nmore` }, [DATABASE]],
  [{ ...good, DATABASE_URL: `${good.DATABASE_URL}\n` }, [DATABASE]],
  [{ ...good, NER_LABELS: JSON.stringify(nerLabels.slice(1)) }, [LABELS], "shell is blind"],
  [{ ...good, NER_LABELS: JSON.stringify([...nerLabels.slice(1), "IMO"]) }, [LABELS], "shell is blind"],
  [{ ...good, NER_LABELS: JSON.stringify([...nerLabels.slice(1), 7]) }, [LABELS], "shell is blind"],
  [{ ...good, NER_LABELS: "O,VESSEL" }, [LABELS], "shell is blind"],
  [{ ...good, NER_LABELS: "{}" }, [LABELS], "shell is blind"],
];

describe("The loaders for applications", () => {
  it("name all that is wrong at once: TypeScript", () => {
    for (const [environment, problems] of cases) assert.deepEqual(problemsOf(environment), problems);
  });

  it("name the same: Python", () => {
    const script = [
      "import json, sys",
      `sys.path.insert(0, ${JSON.stringify(generated)})`,
      "sys.dont_write_bytecode = True",
      "from settings import load_settings, SettingsError",
      "def ask(environment):",
      "    try:",
      "        settings = load_settings('prod', environment)",
      "        return [[], str(settings), settings['NER_LABELS'][1], settings['HF_TOKEN'].reveal()]",
      "    except SettingsError as error:",
      "        return [error.problems, str(error)]",
      "print(json.dumps([ask(each) for each in json.load(sys.stdin)]))",
    ].join("\n");
    const input = JSON.stringify(cases.map(([environment]) => environment));
    const answers = JSON.parse(execFileSync("python3", ["-c", script], { input, encoding: "utf8" }));
    for (const [index, [environment, problems]] of cases.entries()) {
      assert.deepEqual(answers[index][0], problems);
      for (const text of secretsOf(environment)) assert.ok(!answers[index][1].includes(text));
    }
    assert.deepEqual(answers[0].slice(2), ["VESSEL", good.HF_TOKEN]);
  });

  for (const [shell, ...flags] of [["sh"], ["bash", "--norc"]] as const) {
    it(`name the same, but for what is in JSON: ${shell}`, () => {
      const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
      const script = cases.map(([environment]) =>
        [
          "( set -eu",
          ...Object.entries(environment).map(([name, value]) => `${name}=${quote(value)}`),
          `. ${quote(path.join(generated, "settings.sh"))}`,
          "load_settings prod && echo good || echo $?",
          ") 2>&1; echo ---",
        ].join("\n"),
      );
      const out = execFileSync(shell, [...flags, "-c", script.join("\n")], {
        encoding: "utf8",
        env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" },
      });
      const answers = out.split("---\n");
      for (const [index, [environment, problems, blind]] of cases.entries()) {
        const expected = blind === undefined ? problems : [];
        const said = `${expected.length} settings of prod cannot be used:\n${expected.map((line) => `  ${line}\n`).join("")}78\n`;
        assert.equal(answers[index], expected.length === 0 ? "good\n" : said);
        for (const text of secretsOf(environment)) assert.ok(!answers[index]?.includes(text));
      }
    });
  }

  it("agree with the JSON Schema, which knows no placeholders", () => {
    const schema = JSON.parse(readFileSync(path.join(generated, "environment.schema.json"), "utf8"));
    const validate = new Ajv2020({ strict: false }).compile({
      ...schema,
      anyOf: undefined,
      $ref: "#/$defs/prod",
    });
    for (const [environment, problems, blind] of cases) {
      // A placeholder may be of the form. JSON inside of text is an annotation to JSON Schema.
      if (problems.some((problem) => problem.endsWith("placeholder"))) continue;
      const seen = blind === undefined ? problems : [];
      assert.equal(validate(environment), seen.length === 0, problems.join());
    }
  });

  it("give an application what it asks for, and print no secret", () => {
    const settings = loadSettings("prod", good);
    assert.equal(settings.NER_LABELS.length, 63);
    assert.ok(settings.HF_TOKEN instanceof Secret);
    assert.equal(settings.HF_TOKEN.reveal(), good.HF_TOKEN);
    const shown = `${inspect(settings)} ${JSON.stringify(settings)} ${settings.HF_TOKEN} ${settings.DATABASE_URL}`;
    for (const text of secretsOf(good)) assert.ok(!shown.includes(text));
    assert.match(shown, /\[secret\]/);
  });

  it("know every kind of form", () => {
    const forms = { text: "text", number: "port", boolean: "boolean" } as const;
    const declared: Inventory = {
      title: "All",
      stages: ["a-b"],
      items: Object.entries(forms).map(([name, form]) => ({
        name,
        description: "x",
        kind: "setting",
        livesIn: "esc",
        stages: ["a-b"],
        values: [{ form, variable: name }],
        owner: "x",
        consumers: ["x"],
      })),
      generates: { typescript: "x.ts" },
    };
    const [file] = generateFiles(declared, "esc/inventory.ts");
    assert.match(
      file?.text ?? "",
      /export interface ABSettings \{\n.*\n {2}readonly text: string;\n.*\n {2}readonly number: number;\n.*\n {2}readonly boolean: boolean;/,
    );
  });
});

function problemsOf(environment: Environment): readonly string[] {
  try {
    loadSettings("prod", environment);
    return [];
  } catch (error) {
    assert.ok(error instanceof SettingsError && error.code === "ERR_SETTINGS");
    for (const text of secretsOf(environment)) assert.ok(!error.message.includes(text));
    return error.problems;
  }
}

/** What must not be shown: not what is empty, and not the labels, which everybody may know. */
function secretsOf({ DATABASE_URL, HF_TOKEN, SENTRY_DSN }: Environment): string[] {
  return [DATABASE_URL, HF_TOKEN, SENTRY_DSN].filter(
    (text): text is string => (text ?? "").trim().length > 1,
  );
}
