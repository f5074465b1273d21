// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of ESC look like those of JavaScript

import assert from "node:assert/strict";
import { DefinitionError } from "../../esc/definition/index";
import { renderAccess, renderText } from "../../esc/definition/text";

describe("Text of a definition", () => {
  const cases: [meant: string, written: string][] = [
    ["plain", "plain"],
    ["US$ 5", "US$ 5"],
    ["$", "$"],
    ["$$", "$$$"],
    ["$$$", "$$$$$"],
    ["${x}", "$${x}"],
    ["$${x}", "$$$${x}"],
    ["a$}", "a$}"],
    ["$[$]", "$[$]"],
  ];
  for (const [meant, written] of cases) {
    it(`writes ${meant} as ${written}`, () => {
      assert.equal(renderText([meant]), written);
    });
  }

  it("doubles a dollar that would join with the reference after it", () => {
    assert.equal(renderText(["costs $", { path: ["price"] }]), "costs $$${price}");
  });

  it("doubles a dollar that would join with the brace of the text after it", () => {
    assert.equal(renderText(["$", "{x}"]), "$${x}");
  });
});

describe("A reference's path", () => {
  const cases: [path: (string | number)[], written: string][] = [
    [["domain"], "${domain}"],
    [["aws", "region"], "${aws.region}"],
    [["a", "b-c", 0, "d"], '${a["b-c"][0].d}'],
    [["a-b"], '${["a-b"]}'],
    [["list", "0"], '${list["0"]}'],
    [["a", 'say "hi"'], '${a["say \\"hi\\""]}'],
    [["a", "é"], '${a["é"]}'],
  ];
  for (const [path, written] of cases) {
    it(`is written ${written}`, () => {
      assert.equal(renderAccess(path), written);
    });
  }

  for (const path of [["a", ""], ["a", "b\\"], ["a", -1], ["a", 0.5], [0], []]) {
    it(`is refused where the grammar has no spelling: ${JSON.stringify(path)}`, () => {
      assert.throws(
        () => renderAccess(path),
        (error) => error instanceof DefinitionError && error.code === "ERR_DEFINITION_REFERENCE",
      );
    });
  }
});
