import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { AdapterConfig } from "../../lambda/config";
import { parseConfig } from "../../lambda/config";
import { AdapterError } from "../../lambda/errors";
import { builtInSources } from "../../lambda/sources/index";
import { configFor, vault } from "../adapter/support/fixture";

const root = path.join(__dirname, "../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const page = { sources: read("docs/sources.md"), northflank: read("docs/northflank.md") };

const jsonOf = (text: string) => JSON.parse(/```json\n(.*?)```/s.exec(text)?.[1] ?? assert.fail());

/** What the adapter makes of a part of a configuration. */
const parsed = (changes: Partial<AdapterConfig>) =>
  parseConfig(configFor("https://api.pulumi.com/oidc/.well-known/jwks", changes), [...builtInSources, vault]);

// Proves that what the pages show is what there is.
describe("docs/sources.md and docs/northflank.md", () => {
  it("show a whole source of one's own, under 30 lines, as it lies in the examples", () => {
    const source = read("examples/own-source/table.ts").trim();
    assert.ok(page.sources.includes(`\`\`\`ts\n${source}\n\`\`\``), "docs/sources.md shows another file");
    assert.ok(source.split("\n").length < 30);
  });

  it("show configurations that the adapter takes", () => {
    const { http } = jsonOf(page.sources);
    const sources = { vault: {}, "secrets-manager": {}, http };
    parsed({ sources, northflank: jsonOf(page.northflank) });
  });

  it("name every source, and every code with the status that it has", () => {
    for (const { name } of builtInSources) assert.ok(page.sources.includes(`| \`${name}\` |`), name);
    let named = 0;
    for (const text of Object.values(page)) {
      for (const [, codes = "", status = ""] of text.matchAll(/((?:`[a-z_]+`(?:, )?)+) (\d{3})/g)) {
        for (const [, code = ""] of codes.matchAll(/`(\w+)`/g)) {
          assert.equal(new AdapterError(code as never, "").status, Number(status), code);
          named += 1;
        }
      }
    }
    assert.ok(named >= 25, `${named}`);
  });
});
