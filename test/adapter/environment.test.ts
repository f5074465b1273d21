import assert from "node:assert/strict";
import fc from "fast-check";
import { parseEnvironment } from "../../lambda/access/environment";

// Proves which environment a claim names, for every form in which ESC writes it.
describe("current_env of organization acme", () => {
  const cases: readonly (readonly [claim: unknown, environment: string | undefined])[] = [
    ["acme/app/staging", "app/staging"],
    ["app/staging", "app/staging"],
    ["acme/app/staging@live", "app/staging"],
    ["acme/app/staging@42", "app/staging"],
    ["app/staging@live", "app/staging"],
    ["staging", "default/staging"],
    ["staging@3", "default/staging"],
    ["acme/staging", "default/staging"],
    ["acme/default/staging", "default/staging"],
    ["default/staging", "default/staging"],
    ["acme/my-app.v2/eu_west.1", "my-app.v2/eu_west.1"],
    ["evil/app/staging", undefined],
    ["Acme/app/staging", undefined],
    ["acme/app/staging/x", undefined],
    ["<yaml>", undefined],
    ["acme/<yaml>", undefined],
    ["", undefined],
    ["@live", undefined],
    ["app/", undefined],
    ["/staging", undefined],
    ["acme//staging", undefined],
    ["acme/app@live/staging", undefined],
    ["app/staging@", undefined],
    ["app/staging@1@2", undefined],
    ["app/sta ging", undefined],
    ["app/staging\n", undefined],
    ["app/*", undefined],
    [undefined, undefined],
    [null, undefined],
    [["app/staging"], undefined],
    [{ toString: () => "app/staging" }, undefined],
  ];
  for (const [claim, environment] of cases) {
    it(`${JSON.stringify(claim)} names ${environment ?? "nothing"}`, () => {
      assert.equal(parseEnvironment(claim, "acme"), environment);
    });
  }

  it("never names an environment of another organization", () => {
    const name = fc.stringMatching(/^[\w.-]{1,8}$/);
    fc.assert(
      fc.property(name, name, name, (organization, project, environment) => {
        fc.pre(organization !== "acme");
        assert.equal(parseEnvironment(`${organization}/${project}/${environment}`, "acme"), undefined);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
