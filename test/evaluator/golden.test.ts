// The evaluator is the official one: what the module's own cases expect comes out of our face unchanged.
import assert from "node:assert/strict";
import { check, type Diagnostic, open, rotate } from "../../esc/evaluator/index";
import { type ExactJson, parseExact } from "../../esc/evaluator/json";
import { type Json, officialCases } from "./official-cases";

describe("the evaluator and the official cases", () => {
  const cases = officialCases();

  it("finds all of them", () => assert.equal(cases.length, 55));

  for (const { name, options, expected, rotate: rotates, paths } of cases) {
    it(`agrees on ${name}`, async () => {
      const load = diagnosticsOf(expected.sloadDiags);

      const checked = await check(options);
      assert.deepEqual(
        sorted(checked.diagnostics),
        sorted([...load, ...diagnosticsOf(expected.scheckDiags)]),
      );
      assert.deepEqual(exact(checked.redactedJson), expected.scheckJson);
      const shown = options.showSecrets ? expected.scheck : redact(expected.scheck);
      assert.deepEqual(exact(checked.environment), restPart(shown));

      const opened = await open(options);
      assert.deepEqual(sorted(opened.diagnostics), sorted([...load, ...diagnosticsOf(expected.sevalDiags)]));
      assert.deepEqual(exact(opened.redactedJson), expected.sevalJsonRedacted);
      assert.deepEqual(exact(opened.revealedJson), expected.sevalJSONRevealed);
      assert.deepEqual(exact(opened.environment), restPart(expected.seval));

      if (!rotates) return;
      const rotated = await rotate({ ...options, paths });
      assert.deepEqual(
        sorted(rotated.diagnostics),
        sorted([...load, ...diagnosticsOf(expected.srotateDiags)]),
      );
      assert.deepEqual(exact(rotated.redactedJson), expected.srotateJson);
      assert.deepEqual(patches(exact(rotated.patchesJson), "s"), patches(expected.srotatePatches, "sD"));
    });
  }
});

function exact(text: string | undefined): ExactJson | undefined {
  return text === undefined ? undefined : parseExact(text);
}

/** Diagnostics in the shape of REST from those of the expected files, which have the shape of Go's hcl library. */
function diagnosticsOf(expected: ExactJson | undefined): ExactJson[] {
  return ((expected ?? []) as Json[]).map((diagnostic) => ({
    sseverity: diagnostic.sSeverity === "n1" ? "serror" : "swarning",
    ssummary: diagnostic.sSummary ?? null,
    ...(diagnostic.sDetail === "s" ? {} : { sdetail: diagnostic.sDetail ?? null }),
    ...(diagnostic.sPath === "s" ? {} : { spath: diagnostic.sPath ?? null }),
    ...(diagnostic.sSubject ? { srange: range(diagnostic.sSubject as Json) } : {}),
  }));
}

function range({ sFilename, sStart, sEnd }: Json): Json {
  const position = ({ sLine, sColumn, sByte }: Json): Json => ({
    sline: sLine ?? null,
    scolumn: sColumn ?? null,
    sbyte: sByte ?? null,
  });
  return {
    ...(sFilename === "s" ? {} : { senvironment: sFilename ?? null }),
    sbegin: position(sStart as Json),
    send: position(sEnd as Json),
  };
}

/** Go's order is unstable where positions are equal, so diagnostics are compared as a multiset. */
function sorted(diagnostics: readonly (Diagnostic | ExactJson)[]): string[] {
  return diagnostics
    .map((diagnostic) => {
      const text = JSON.stringify(diagnostic);
      return JSON.stringify(inKeyOrder(text.startsWith('{"severity"') ? parseExact(text) : JSON.parse(text)));
    })
    .sort();
}

function inKeyOrder(value: ExactJson): ExactJson {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(inKeyOrder);
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, inKeyOrder(value[key] ?? null)]),
  );
}

/** What of an environment leaves the process. */
function restPart(environment: ExactJson | undefined): ExactJson | undefined {
  if (environment === undefined || environment === null) return undefined;
  const { sproperties, sexecutionContext } = environment as Json;
  return {
    ...(sproperties === undefined ? {} : { sproperties }),
    ...(sexecutionContext === undefined ? {} : { sexecutionContext }),
  };
}

/** Every secret of a checked environment as a service shows it that keeps secrets encrypted. */
function redact(value: ExactJson | undefined): ExactJson | undefined {
  if (value === undefined || value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item) => redact(item) ?? null);
  const { svalue: _, ...shown } = value;
  const kept: Json = value.ssecret === true ? { ...shown, sunknown: true } : value;
  return Object.fromEntries(Object.entries(kept).map(([key, item]) => [key, redact(item) ?? null]));
}

/** Patches in the order of their paths and without traces: a rotator answers plain data, which has none. */
function patches(value: ExactJson | undefined, prefix: "s" | "sD"): string[] {
  return ((value ?? []) as Json[])
    .map((patch) => {
      const path = patch[prefix === "s" ? "spath" : "sDocPath"];
      const replacement = patch[prefix === "s" ? "sreplacement" : "sReplacement"];
      return JSON.stringify(
        inKeyOrder({ path: path ?? null, replacement: withoutTraces(replacement ?? null) }),
      );
    })
    .sort();
}

function withoutTraces(value: ExactJson): ExactJson {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(withoutTraces);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "strace")
      .map(([key, item]) => [key, withoutTraces(item)]),
  );
}
