import assert from "node:assert/strict";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import {
  escLoginClaims,
  githubRunClaims,
  Issuer,
  type IssuerServer,
  startIssuerServer,
} from "../../sandbox/issuers/index";
import { Routes } from "../../sandbox/routes";

const url = "https://api.pulumi.com/oidc";

describe("An issuer", () => {
  const issuer = new Issuer({ url });
  const other = new Issuer({ url: "https://token.actions.githubusercontent.com" });
  let server: IssuerServer;
  before(async () => {
    server = await startIssuerServer([issuer, other]);
  });
  after(() => server.close());

  it("mints tokens that its published keys prove", async () => {
    const token = await issuer.mint({ sub: "me", aud: "you" }, { expiresInSeconds: 60 });
    const keys = createLocalJWKSet(await issuer.jwks());
    const { payload } = await jwtVerify(token, keys, { issuer: url, audience: "you", algorithms: ["RS256"] });
    assert.equal(payload.sub, "me");
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60);
    assert.match(payload.jti ?? "", /^[0-9a-f-]{36}$/);
  });

  it("publishes no private key", async () => {
    const text = JSON.stringify(await issuer.jwks());
    assert.deepEqual(Object.keys(JSON.parse(text).keys[0]).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
  });

  it("signs with a new key after a rotation, and forgets the old one only when told", async () => {
    const rotating = new Issuer({ url });
    const before = decodeProtectedHeader(await rotating.mint({}));
    await rotating.rotateKeys();
    const after = decodeProtectedHeader(await rotating.mint({}));
    assert.notEqual(after.kid, before.kid);
    assert.deepEqual(
      (await rotating.jwks()).keys.map(({ kid }) => kid),
      [after.kid, before.kid],
    );
    await rotating.rotateKeys({ forget: true });
    assert.equal((await rotating.jwks()).keys.length, 1);
  });

  it("is found at its own address, beside others, and nowhere else", async () => {
    const routes = new Routes(server.routes);
    for (const { url, jwksUri } of [issuer, other]) {
      const discovery = await routes.fetch(`${url}/.well-known/openid-configuration`);
      assert.deepEqual(await discovery.json(), {
        issuer: url,
        jwks_uri: jwksUri,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      });
      const keys = (await (await routes.fetch(jwksUri)).json()) as { keys: unknown[] };
      assert.equal(keys.keys.length, 1);
    }
    assert.equal((await routes.fetch(`${url}/other`)).status, 404);
    assert.equal((await routes.fetch(issuer.jwksUri, { method: "POST" })).status, 404);
  });
});

describe("What ESC presents", () => {
  it("names the environment that the login is written in", () => {
    const claims = escLoginClaims({
      organization: "acme",
      environment: "escapement/staging",
      rootEnvironment: "<yaml>",
      subjectAttributes: ["currentEnvironment.name"],
    });
    assert.deepEqual(claims, {
      aud: "aws:acme",
      sub: "pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:escapement/staging",
    });
  });
});

describe("What a GitHub workflow run presents", () => {
  const repository = { owner: "acme", name: "app", ownerId: "1001", repositoryId: "2002" };

  it("has the ids in its subject when the repository has them", () => {
    const claims = githubRunClaims({ repository, environment: "staging" });
    assert.equal(claims.sub, "repo:acme@1001/app@2002:environment:staging");
    assert.equal(claims.job_workflow_ref, "acme/app/.github/workflows/deploy.yml@refs/heads/main");
    assert.deepEqual(
      [claims.aud, claims.repository, claims.repository_id, claims.environment, claims.ref_type],
      ["sts.amazonaws.com", "acme/app", "2002", "staging", "branch"],
    );
  });

  it("follows GitHub's order: environment, pull request, branch or tag", () => {
    const subject = (run: object) => githubRunClaims({ repository, immutableSubject: false, ...run }).sub;
    assert.equal(subject({ event: "pull_request", environment: "e" }), "repo:acme/app:environment:e");
    assert.equal(subject({ event: "pull_request", ref: "refs/pull/1/merge" }), "repo:acme/app:pull_request");
    assert.equal(subject({ ref: "refs/heads/a/b" }), "repo:acme/app:ref:refs/heads/a/b");
    assert.equal(subject({ ref: "refs/tags/v1" }), "repo:acme/app:ref:refs/tags/v1");
    assert.throws(() => subject({ ref: "main" }), TypeError);
  });
});
