import assert from "node:assert/strict";
import { OidcIssuerMode, PulumiLogin, type PulumiLoginArgs } from "../../components/pulumi-login";
import { evaluatePulumiLogin, type PulumiLoginPolicy } from "../../trust/index";
import { mockPulumi, outputValue, settled } from "../support/pulumi";

const ISSUER = "pulumiservice:index:OidcIssuer";
const DEPLOY = "acme/app/.github/workflows/deploy.yml@refs/heads/main";

async function create(args: Partial<PulumiLoginArgs> = {}) {
  const recorder = await mockPulumi();
  const login = new PulumiLogin("login", {
    organization: "acme-org",
    repository: "acme/app",
    policies: [{ environment: "prod", team: "deployers" }],
    ...args,
  });
  return { login, recorder };
}

const rules = (sub: string, more: Record<string, string> = {}) => ({
  aud: "urn:pulumi:org:acme-org",
  sub,
  ...more,
});

describe("PulumiLogin's policies", () => {
  it("are exact, one for each purpose, both forms of the subject, and each workflow file", async () => {
    const { recorder } = await create({
      mode: OidcIssuerMode.Create,
      repositoryId: "42",
      repositoryOwnerId: "7",
      policies: [
        { environment: "prod", team: "deployers", jobWorkflowRefs: [DEPLOY] },
        { team: "previewers" },
        { environment: "verify" },
        { environment: "rotate", user: "ann" },
      ],
    });
    await settled();
    const { inputs } = recorder.find(ISSUER, "login-issuer");
    const id = { repository_id: "42" };
    const both = (context: string) => [`repo:acme/app:${context}`, `repo:acme@7/app@42:${context}`];
    assert.deepEqual(inputs, {
      organization: "acme-org",
      name: "github",
      url: "https://token.actions.githubusercontent.com",
      maxExpirationSeconds: 3600,
      policies: [
        ...both("environment:prod").map((sub) => ({
          decision: "allow",
          tokenType: "team",
          teamName: "deployers",
          rules: rules(sub, { ...id, job_workflow_ref: DEPLOY }),
        })),
        ...both("pull_request").map((sub) => ({
          decision: "allow",
          tokenType: "team",
          teamName: "previewers",
          rules: rules(sub, id),
        })),
        ...both("environment:verify").map((sub) => ({
          decision: "allow",
          tokenType: "organization",
          authorizedPermissions: ["standard"],
          rules: rules(sub, id),
        })),
        ...both("environment:rotate").map((sub) => ({
          decision: "allow",
          tokenType: "personal",
          userLogin: "ann",
          rules: rules(sub, id),
        })),
      ],
    });
  });

  it("with skip, the default, change nothing at Pulumi, and are an output to add by hand", async () => {
    const { login, recorder } = await create();
    assert.deepEqual(JSON.parse(await outputValue(login.policies)), [
      {
        decision: "allow",
        tokenType: "team",
        teamName: "deployers",
        rules: rules("repo:acme/app:environment:prod"),
      },
    ]);
    await settled();
    assert.deepEqual(recorder.ofType(ISSUER), []);
    assert.deepEqual(recorder.registeredOutputs("login"), ["policies"]);
  });
});

describe("PulumiLogin's arguments", () => {
  for (const { says, args, parts } of [
    {
      says: "refuse an organization's token to pull requests, whose code is anybody's",
      args: { policies: [{}] },
      parts: ["policies[0]: is for pull requests"],
    },
    {
      says: "refuse a user's token to pull requests",
      args: { policies: [{ user: "ann" }] },
      parts: ["policies[0]: is for pull requests"],
    },
    {
      says: "refuse whatever Pulumi would take for a pattern, and files that are not exact",
      args: {
        policies: [
          { environment: "*", team: "de*", jobWorkflowRefs: ["acme/app/deploy.yml@main", `${DEPLOY}*`] },
        ],
      },
      parts: [
        'policies[0].environment: "*"',
        'policies[0].team: "de*"',
        "policies[0].jobWorkflowRefs[0]",
        "policies[0].jobWorkflowRefs[1]",
      ],
    },
    {
      says: "are refused all at once",
      args: {
        repository: "app",
        organization: "a b",
        maxTokenSeconds: 10,
        policies: [{ environment: "prod", team: "t", user: "u", jobWorkflowRefs: [] }],
      },
      parts: ["repository", "organization", "maxTokenSeconds", "both a team and a user", "must name a file"],
    },
    { says: "name a purpose", args: { policies: [] }, parts: ["policies: must name at least one"] },
  ]) {
    it(says, async () => {
      await assert.rejects(create(args), (error: Error) => {
        for (const part of parts)
          assert.ok(error.message.includes(part), `${part} is missing: ${error.message}`);
        return true;
      });
      await settled();
    });
  }
});

describe("Pulumi's token exchange", () => {
  const claims = {
    aud: "urn:pulumi:org:acme-org",
    sub: "repo:acme/app:environment:prod",
    repository_id: "42",
  };
  const allow = (more: Partial<PulumiLoginPolicy> = {}): PulumiLoginPolicy => ({
    decision: "allow",
    tokenType: "team",
    teamName: "deployers",
    rules: rules("repo:acme/app:environment:prod", { repository_id: "42" }),
    ...more,
  });
  const decide = (
    policies: readonly PulumiLoginPolicy[],
    asked: { team?: string; user?: string; administrator?: boolean } = { team: "deployers" },
    presented: Record<string, unknown> = claims,
  ) => evaluatePulumiLogin({ policies, claims: presented, ...asked });

  it("gives the token that a policy names, for claims that all match", () => {
    assert.deepEqual(decide([allow()]), {
      allowed: true,
      because: "a policy gives this job a token of team deployers",
    });
  });

  it("gives no other: another team's, a user's, the organization's, an administrator's", () => {
    for (const asked of [
      { team: "admins" },
      { user: "deployers" },
      {},
      { team: "deployers", administrator: true },
    ]) {
      assert.equal(decide([allow()], asked).allowed, false, JSON.stringify(asked));
    }
  });

  it("gives nothing when a claim differs, is absent, or a policy denies; and says which claim", () => {
    const pullRequest = { ...claims, sub: "repo:acme/app:pull_request" };
    assert.deepEqual(decide([allow()], { team: "deployers" }, pullRequest).failed, {
      claim: "sub",
      expected: "repo:acme/app:environment:prod",
      actual: "repo:acme/app:pull_request",
    });
    const { repository_id: _, ...without } = claims;
    assert.equal(decide([allow()], { team: "deployers" }, without).failed?.claim, "repository_id");
    assert.equal(decide([allow(), allow({ decision: "deny" })]).allowed, false);
    assert.equal(decide([]).because, "no policy gives a token of team deployers");
  });

  it("takes a star in a rule for a wildcard, which is why the component writes none", () => {
    const wide = allow({ rules: rules("repo:acme/app:*") });
    assert.equal(
      decide([wide], { team: "deployers" }, { ...claims, sub: "repo:acme/app:pull_request" }).allowed,
      true,
    );
  });
});
