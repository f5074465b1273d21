// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of ESC look like those of JavaScript

import assert from "node:assert/strict";
import * as fc from "fast-check";
import { environment, fn, interpolate, type Reference, type Value } from "../../esc/definition/index";
import { open } from "../../esc/evaluator/index";
import { anyCharacter } from "../support/any-character";

/*
 * What is written here means in ESC what was meant: rendered definitions are opened by the official evaluator.
 * A seed is fixed, so that a run is the same everywhere; a failure prints the case that failed.
 */
const RUNS = { seed: 20261120, numRuns: 150 };

/** What YAML, Go's reader of it or the language might take for something else. */
const lookalikes = fc.constantFrom(
  ..."null Null ~ true TRUE yes no on off y n .inf -.INF .nan 1_000 0__x7 0b11 017 0o17 -0o17 +0x1F 1e3 1. .5 1:30 2020-01-02".split(
    " ",
  ),
  ..."<< = ! &a *a - ? : #c %x @x ` | > [a {a a] 'a \"a --- ...".split(" "),
  ..."$ $$ ${ ${x} $${x} $$${x} ${a.b} }".split(" "),
  ..."é 世 \u{1F600} \u0085 \u00a0 \u2028 \ufeff \ufffe \u007f \u0000 \u0007 \\ \\n".split(" "),
  ...[
    "",
    " ",
    "\t",
    "\n",
    "a: b",
    "a #b",
    "- a",
    " a",
    "a ",
    "a\n",
    "a\nb",
    "a\n\nb\n\n",
    "\ta\nb",
    "  a\n b",
    "a\r\nb",
    "a \nb",
  ],
);
const mixed = fc.array(fc.oneof(lookalikes, fc.constantFrom("a", "0", "_", "x", ".", "[", '"', "}")), {
  maxLength: 5,
});
const text = fc.oneof(
  lookalikes,
  mixed.map((parts) => parts.join("")),
  mixed.map((parts) => parts.join("\n")),
  fc.string({ unit: anyCharacter }),
);
const key = text.filter((candidate) => !/^fn::/i.test(candidate) && candidate !== "__proto__");
const name = key.filter((candidate) => !["", "imports", "context", "environments"].includes(candidate));
/** Keys that a reference can spell. */
const referable = name.filter((candidate) => !candidate.endsWith("\\"));
const value = fc.letrec<{ any: Value }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    text,
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(key, tie("any"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).any;

/** Opens a definition; numbers here are whole and safe, so reading them as JSON loses nothing. */
async function opened(definition: { render(): string }): Promise<unknown> {
  const { diagnostics, revealedJson } = await open({ yaml: definition.render(), name: "shop/test" });
  assert.deepEqual(diagnostics, []);
  return JSON.parse(revealedJson ?? "null");
}

describe("A rendered definition means what was meant", () => {
  it("for any value under any name", async () => {
    await fc.assert(
      fc.asyncProperty(name, value, text, async (declared, meant, description) => {
        const definition = environment({ description }).value(declared, meant);
        assert.deepEqual(await opened(definition), { [declared]: meant });
      }),
      RUNS,
    );
  });

  it("for a reference along any keys, alone and inside any text", async () => {
    await fc.assert(
      fc.asyncProperty(referable, referable, text, text, text, async (outer, inner, meant, before, after) => {
        fc.pre(!["alone", "list", "within"].includes(outer));
        const definition = environment().value(outer, { [inner]: [meant] });
        const references = definition.references as unknown as Record<
          string,
          Record<string, Reference<string>[]>
        >;
        const reference = references[outer]?.[inner]?.[0] as Reference<string>;
        const referring = definition
          .value("alone", reference)
          .value("list", fn.split(",", fn.toString(reference)))
          .value("within", interpolate`<${before}${reference}${after}>`);
        assert.deepEqual(await opened(referring), {
          [outer]: { [inner]: [meant] },
          alone: meant,
          list: meant.split(","),
          within: `<${before}${meant}${after}>`,
        });
      }),
      RUNS,
    );
  });

  it("for fractions, which ESC keeps as written", async () => {
    const definition = environment().value("numbers", [0.5, -1.25, 1e-7, -0]);
    assert.deepEqual(await opened(definition), { numbers: [0.5, -1.25, 1e-7, 0] });
  });

  it("for comments, which change nothing", async () => {
    const definition = environment({ comment: "# a: b\n\n- c\n" })
      .value("a", 1, "x: y\n  z\n\n${a}")
      .value("b", 2, "");
    assert.deepEqual(await opened(definition), { a: 1, b: 2 });
  });
});
