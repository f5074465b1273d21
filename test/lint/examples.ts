import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Declared } from "../../esc/lint/rule-context";
import type { EnvironmentSource } from "../../esc/lint/source";
import type { StackFile } from "../../esc/lint/stack-file-rules";

/** A rule's examples as docs/check.md shows them: the first has the finding, the second has none, and so on. */
export interface RuleExamples {
  readonly rule: string;
  readonly title: string;
  readonly pairs: readonly (readonly [wrong: Files, right: Files])[];
}

export interface Files {
  readonly environments: readonly EnvironmentSource[];
  readonly stackFiles: readonly StackFile[];
}

const page = readFileSync(join(__dirname, "..", "..", "docs", "check.md"), "utf8");

export function ruleExamples(): RuleExamples[] {
  return page
    .split(/^### (?=E\d\d )/m)
    .slice(1)
    .map((section) => {
      const [, rule = "", title = ""] = /^(E\d\d) (.*)/.exec(section) ?? [];
      const examples = [...section.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = ""]) =>
        readFiles(text),
      );
      const pairs = examples.flatMap((wrong, index): [Files, Files][] => {
        const right = examples[index + 1];
        return index % 2 === 0 && right !== undefined ? [[wrong, right]] : [];
      });
      if (pairs.length === 0 || examples.length % 2 !== 0)
        throw new Error(`${rule} has no pairs of examples`);
      return { rule, title, pairs };
    });
}

/** `# project/name` above each definition, `---` between them. */
function readFiles(text: string): Files {
  const files = text.split(/^---\n/m).map((yaml) => {
    const [, name] = /^# (\S+)\n/.exec(yaml) ?? [];
    if (name === undefined) throw new Error(`an example does not name its environment:\n${yaml}`);
    return { name, yaml };
  });
  return {
    environments: files.filter(({ name }) => name.includes("/")),
    stackFiles: files
      .filter(({ name }) => !name.includes("/"))
      .map(({ name, yaml }) => ({ file: name, yaml, project: "web" })),
  };
}

/** What the page says that its examples are checked against. */
export const declared: Declared = {
  roles: ["shop-staging-esc-login"],
  entries: ["shop/staging/database"],
  environments: ["shop/staging"],
  variables: { "shop/staging": { PARTNER_KEY: "secret" } },
};
