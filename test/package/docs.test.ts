import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { renderComponentsDoc } from "../../tools/components-doc";
import { root } from "../support/build";

describe("docs/components.md", () => {
  it("is what the docstrings and examples say (else: npm run docs)", () => {
    const committed = readFileSync(path.join(root, "docs/components.md"), "utf8");
    assert.ok(
      renderComponentsDoc().text === committed,
      "docs/components.md is out of date: run npm run docs",
    );
  });

  it("describes every export and every argument of a component: each has a docstring", () => {
    assert.deepEqual(renderComponentsDoc().missing, []);
  });
});
