import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { DEFAULT_LIMITS } from "../../lambda/config";
import { AdapterError } from "../../lambda/errors";

const root = path.join(__dirname, "../..");
const page = readFileSync(path.join(root, "docs/adapter.md"), "utf8");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const section = (title: string) => page.split(`## ${title}\n`)[1]?.split("\n## ")[0] ?? "";

// Proves that what docs/adapter.md points at is there: every test it names, every code, every limit.
describe("docs/adapter.md", () => {
  it("names only tests that there are", () => {
    const threats = section("Threats");
    const hostile = ["access", "bearer", "claims", "request"]
      .map((part) => read(`test/adapter/hostile/${part}.ts`))
      .join();
    const cells = threats
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .map((line) => line.split(" | ").at(-1) ?? "");
    let named = 0;
    for (const cell of cells.slice(1)) {
      for (const claim of cell.replace(/ \|$/, "").split("; ")) {
        const [, file] = /^`((?:test\/)?[\w./-]+\.test\.ts)`/.exec(claim) ?? [];
        const texts = [...claim.matchAll(/`([^`]+)`/g)]
          .map(([, text = ""]) => text)
          .filter((text) => text !== file);
        const source =
          file === undefined ? hostile : read(file.startsWith("test/") ? file : `test/adapter/${file}`);
        for (const text of texts) {
          assert.ok(source.includes(text), `${file ?? "hostile"} has no test called ${text}`);
          named += 1;
        }
      }
    }
    assert.ok(named > 25, `${named}`);
  });

  it("lists the codes that the adapter has, with their statuses", () => {
    const table = section("What happens to a request");
    for (const [, codes = "", status = ""] of table.matchAll(/((?:`[a-z_]+`(?:, )?)+) (\d{3})/g)) {
      for (const [, code = ""] of codes.matchAll(/`(\w+)`/g)) {
        assert.equal(new AdapterError(code as never, "").status, Number(status), code);
      }
    }
  });

  it("tells the limits that are in force", () => {
    const { bodyBytes, tokenBytes, tokenLifetimeSeconds, sourceMilliseconds, answerBytes } = DEFAULT_LIMITS;
    assert.deepEqual(
      [
        bodyBytes / 1024,
        tokenBytes / 1024,
        tokenLifetimeSeconds / 3600,
        sourceMilliseconds / 1000,
        answerBytes / 2 ** 20,
      ],
      [64, 8, 2, 5, 1],
    );
    for (const told of ["64 KiB", "8 KiB", "at most 2 h", "at most 5 s", "1 MiB"])
      assert.ok(page.includes(told), told);
    assert.deepEqual([DEFAULT_LIMITS.requestMilliseconds, DEFAULT_LIMITS.staleKeysSeconds], [20_000, 3_600]);
  });
});
