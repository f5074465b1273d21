import assert from "node:assert/strict";
import { type AdapterConfig, parseConfig } from "../../lambda/config";
import { AdapterConfigError } from "../../lambda/errors";
import { builtInSources } from "../../lambda/sources/index";
import { configFor, vault } from "./support/fixture";

const JWKS = "https://api.pulumi.com/oidc/.well-known/jwks";
const sources = [...builtInSources, vault];

function problemsOf(config: unknown): readonly string[] {
  try {
    parseConfig(config, sources);
  } catch (error) {
    assert.ok(error instanceof AdapterConfigError);
    for (const problem of error.problems) assert.ok(error.message.includes(problem));
    return error.problems;
  }
  return [];
}

const changed = (changes: Partial<Record<keyof AdapterConfig, unknown>>) => ({
  ...configFor(JWKS),
  ...changes,
});

// Proves that a configuration is checked as a whole before anything is served.
describe("the adapter's configuration", () => {
  it("is completed with the documented defaults", () => {
    const config = parseConfig(changed({ limits: undefined }), sources);
    assert.equal(config.clockSkewSeconds, 30);
    assert.deepEqual(config.limits, {
      bodyBytes: 65_536,
      tokenBytes: 8_192,
      tokenLifetimeSeconds: 7_200,
      sourceMilliseconds: 5_000,
      answerBytes: 1_048_576,
      requestMilliseconds: 20_000,
      staleKeysSeconds: 3_600,
    });
  });

  it("tells every problem at once, those of single fields and those between them", () => {
    const problems = problemsOf({
      organization: "acme inc",
      issuers: [{ issuer: "http://api.pulumi.com", jwksUri: "http://keys.example.com/jwks" }],
      routes: [
        { path: "/open", action: "open", audience: "https://a.example/open", audienceParameter: "/audience" },
        { path: "/open", action: "close" },
      ],
      access: [
        { environment: "staging", action: "open", source: "vault", names: [] },
        { environment: "app/staging", action: "open", source: "safe", names: ["a*b*c"] },
        { environment: "*/staging", action: "close", source: "vault", names: ["database"] },
      ],
      sources: { "secrets-manager": { regoin: "eu-west-1" }, drawer: {} },
      replay: { store: "paper" },
      clockSkewSeconds: 3600,
      limits: { bodyBytes: 0 },
      admin: true,
    });
    assert.deepEqual([...problems].sort(), [
      "config.access[0].environment: must be project/environment",
      "config.access[0].names: must not be empty",
      "config.access[0].source: vault is not configured under config.sources",
      "config.access[1].names[0]: has more than one * in a segment",
      "config.access[1].source: safe is not configured under config.sources",
      "config.access[2].action: must be open or rotate",
      "config.access[2].environment: must not leave the project open",
      "config.access[2].source: vault is not configured under config.sources",
      "config.admin: is not known",
      "config.clockSkewSeconds: must be at most 300",
      "config.issuers[0].issuer: must be an https URL",
      "config.issuers[0].jwksUri: must be an https URL (http only on a loopback address)",
      "config.limits.bodyBytes: must be at least 1",
      "config.organization: must be the name of a Pulumi organization",
      "config.replay.store: must be dynamodb or memory",
      "config.routes[0]: needs exactly one of audience and audienceParameter",
      "config.routes[1].action: must be open or rotate",
      "config.routes[1].path: is given twice",
      "config.routes[1]: needs exactly one of audience and audienceParameter",
      "config.sources.drawer: is not one of this adapter's sources (secrets-manager, parameter-store, http, files, vault)",
      "config.sources.secrets-manager.regoin: is not known",
    ]);
  });

  it("refuses a project that is named like the organization, in either field", () => {
    const rule = { action: "open", source: "vault", names: ["database"] };
    assert.deepEqual(
      problemsOf(
        changed({
          access: [
            { ...rule, environment: "acme/staging" },
            { ...rule, environment: "app/staging", rootEnvironment: "acme/staging" },
            { ...rule, environment: "ac*/staging" },
            { ...rule, environment: "acme-*/staging" },
          ],
        }),
      ),
      [
        "config.access[0].environment: its project is named like the organization, which cannot be told apart",
        "config.access[1].rootEnvironment: its project is named like the organization, which cannot be told apart",
        "config.access[2].environment: its project is named like the organization, which cannot be told apart",
      ],
    );
  });

  it("takes an issuer's keys or where they are published, and never a private key", () => {
    const issuer = "https://api.pulumi.com/oidc";
    const key = { kty: "RSA", kid: "key-1", n: "AQAB", e: "AQAB" };
    const problems = problemsOf(
      changed({
        issuers: [
          { issuer, keys: [key] },
          { issuer },
          { issuer, jwksUri: JWKS, keys: [key] },
          { issuer, keys: [] },
          {
            issuer,
            keys: [
              { ...key, d: "AQAB", n: "+/" },
              { ...key, kty: "oct" },
            ],
          },
        ],
      }),
    );
    assert.deepEqual([...problems].sort(), [
      "config.issuers[1]: needs exactly one of jwksUri and keys",
      "config.issuers[2]: needs exactly one of jwksUri and keys",
      "config.issuers[3].keys: must not be empty",
      "config.issuers[4].keys[0].d: is not known",
      "config.issuers[4].keys[0].n: must be base64url",
      "config.issuers[4].keys[1].kty: must be RSA",
    ]);
  });

  it("refuses a route on the health check's path, one that needs decoding, and one without audience", () => {
    const problems = problemsOf(
      changed({
        routes: [
          { path: "/healthz", action: "open", audience: "https://a.example/healthz" },
          { path: "/%6fpen", action: "open", audience: "https://a.example/open" },
          { path: "/open", action: "open" },
        ],
      }),
    );
    assert.deepEqual([...problems].sort(), [
      "config.routes[0].path: is taken by the health check",
      "config.routes[1].path: must be a path of plain segments",
      "config.routes[2]: needs exactly one of audience and audienceParameter",
    ]);
  });

  for (const nothing of [undefined, null, [], "", 1, {}]) {
    it(`refuses ${JSON.stringify(nothing)} instead of a configuration`, () => {
      assert.notDeepEqual(problemsOf(nothing), []);
    });
  }
});
