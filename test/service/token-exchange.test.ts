import assert from "node:assert/strict";
import type { ResourceRequest } from "../../sandbox/engine/cloud";
import { githubRunClaims, Issuer, mintFlawed } from "../../sandbox/issuers";
import { EscService, exchangeToken } from "../../sandbox/pulumi";
import { GITHUB_ISSUER, type PulumiLoginPolicy, pulumiLoginPolicies } from "../../trust";

const organization = "acme";
const repository = { owner: "acme", name: "app", ownerId: "7", repositoryId: "42" };
const policies = pulumiLoginPolicies({
  organization,
  subjects: ["repo:acme/app:environment:prod"],
  repositoryId: "42",
  team: "deployers",
});

describe("The exchange of GitHub's token for Pulumi's", () => {
  let now = Date.now();
  const clock = () => now;
  const github = new Issuer({ url: GITHUB_ISSUER, now: clock });
  const inputs = (more: Record<string, unknown> = {}) => ({
    organization,
    name: "github",
    url: GITHUB_ISSUER,
    maxExpirationSeconds: 600,
    policies,
    ...more,
  });
  const request = (given: Record<string, unknown>) =>
    ({ type: "OidcIssuer", name: "it", inputs: given }) as unknown as ResourceRequest;
  let service: EscService;
  let id: string;
  const claims = (more: Record<string, string> = {}) => ({
    ...githubRunClaims({
      repository,
      environment: "prod",
      immutableSubject: false,
      audience: "urn:pulumi:org:acme",
    }),
    ...more,
  });
  const exchange = async (subjectToken: string, holder: { team?: string } = { team: "deployers" }) =>
    exchangeToken(service, [github], { organization, subjectToken, ...holder });

  beforeEach(async () => {
    now = Date.now();
    service = new EscService({ organizations: [organization], memberPermission: "none", now: clock });
    ({ id } = await service.issuers.resource().create(request(inputs())));
  });

  it("gives a team's token, which lives as long as the issuer allows", async () => {
    const caller = service.tokens.find(await exchange(await github.mint(claims())));
    assert.deepEqual(caller?.token, { name: "sandbox", type: "team", team: "deployers" });
    const token = await exchange(await github.mint(claims()));
    now += 599_000;
    assert.ok(service.tokens.find(token));
    now += 1_000;
    assert.equal(service.tokens.find(token), undefined);
  });

  it("gives nothing for a token that is forged, expired, for somebody else or of another issuer, and repeats none", async () => {
    const elsewhere = new Issuer({ url: "https://token.example.com" });
    for (const [token, expected] of [
      [await mintFlawed(github, claims(), { forged: true }), /signature|no applicable key/],
      [await github.mint(claims(), { issuedAt: now - 600_000 }), /exp/],
      [await github.mint(claims({ aud: "sts.amazonaws.com" })), /aud/],
      [await github.mint(claims({ aud: "urn:pulumi:org:umbrella" })), /aud/],
      [await elsewhere.mint(claims()), /nobody knows/],
      ["no token", /Invalid/],
    ] as const) {
      await assert.rejects(exchange(token), (error: Error) => {
        assert.match(error.message, expected);
        assert.ok(!error.message.includes(token.slice(0, 40)) || token === "no token", error.message);
        return true;
      });
    }
  });

  it("gives nothing that no policy names, and follows the policies as they change", async () => {
    const token = await github.mint(claims());
    await assert.rejects(exchange(token, {}), /no policy gives a token of the organization/);
    const resource = service.issuers.resource();
    const old = { id, inputs: inputs(), outputs: {} };
    const deny: PulumiLoginPolicy = { decision: "deny", tokenType: "team", teamName: "deployers", rules: {} };
    await resource.update?.({ ...request(inputs({ policies: [...policies, deny] })), old });
    await assert.rejects(exchange(token), /a policy denies/);
    // As with Pulumi's provider, an update that brings no policy changes none.
    await resource.update?.({ ...request(inputs({ policies: [] })), old });
    await assert.rejects(exchange(token), /a policy denies/);
    await resource.delete?.({ ...request(inputs()), ...old });
    await assert.rejects(exchange(token), /has not registered the issuer/);
  });

  it("is of one issuer for each address, whose policies say whose tokens they give", async () => {
    const resource = service.issuers.resource();
    assert.throws(() => resource.create(request(inputs({ name: "second" }))), /has an issuer .* already/);
    const nobody = [{ decision: "allow", tokenType: "team", rules: {} }];
    assert.throws(
      () => resource.create(request(inputs({ url: "https://x.example", policies: nobody }))),
      /does not say whose/,
    );
    assert.throws(() => resource.create(request(inputs({ jwks: {} }))), /does not know the input jwks/);
  });
});
