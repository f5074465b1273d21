import assert from "node:assert/strict";
import { join } from "node:path";
import type { LaptopCloud } from "../../sandbox/cloud";
import { readStackSettings } from "../../sandbox/engine";
import type { MainJobReport } from "../../sandbox/main-job";
import { recordedTrust } from "../../sandbox/trust/recorded";
import { readSuppressions } from "../../sandbox/trust/suppressions";
import { trustCases } from "../../sandbox/trust-cases";
import {
  buildTrustMap,
  type CauseCode,
  explainTrust,
  joinTrustInputs,
  lintTrust,
  renderMermaid,
  type TrustInput,
  unusedSuppressions,
} from "../../trust/index";

const root = join(__dirname, "..", "..");

/** What each case of the sandbox breaks on purpose: the check that has to be named, and the likely cause. */
const BROKEN: Readonly<Record<string, readonly [key: RegExp, cause: CauseCode]>> = {
  "a pull request: the preview role": [/:sub$/, "job-context"],
  "environment staging, by a file of another name": [/:job_workflow_ref$/, "other-workflow"],
  "environment staging, by what another branch makes of the file": [/:job_workflow_ref$/, "other-workflow"],
  "a pull request: staging's deploy role": [/:sub$/, "job-context"],
  "environment staging: prod's deploy role": [/:sub$/, "job-context"],
  "main without an environment: staging's deploy role": [/:sub$/, "job-context"],
  "a tag: staging's deploy role": [/:sub$/, "job-context"],
  "a fork's environment staging": [/:sub$/, "other-repository"],
  "another repository of the same owner": [/:sub$/, "other-repository"],
  "who took over the repository's old name": [/:repository_id$/, "recycled-name"],
  "a token for another audience": [/:aud$/, "audience"],
  "an expired token": [/^exp$/, "expired"],
  "a token that GitHub's key did not sign": [/^signature$/, "signature"],
  "Pulumi's token at a role for GitHub": [/^Principal$/, "other-issuer"],
  "staging's deploy role reads a secret value": [/DenySecretValues/, "explicit-deny"],
  "the preview role reads a secret value": [/DenySecretValues/, "explicit-deny"],
  "ESC's staging at another revision": [/:sub$/, "other-revision"],
  "ESC's prod: staging's login role": [/:sub$/, "other-environment"],
  "an environment of another project, called staging": [/:sub$/, "other-environment"],
  "another organization's environment of the same name": [/:aud$/, "audience"],
  "an anonymous definition, as under pulumi up": [/:sub$/, "anonymous-environment"],
  "an expired token of ESC's": [/^exp$/, "expired"],
  "GitHub's token at the role for ESC": [/^Principal$/, "other-issuer"],
  "a session of twelve hours": [/^MaxSessionDuration$/, "duration"],
  "ESC's staging reads prod's database": [/^Resource$/, "not-granted"],
  "ESC's staging reads what only the adapter may": [/^Resource$/, "not-granted"],
};

/** Lint, explanation and map of this repository's program as it was brought up. Shares the up of its caller. */
export function describeProgramTrust(
  get: () => { readonly cloud: LaptopCloud; readonly report: MainJobReport },
): void {
  const read = (): TrustInput => {
    const { cloud, report } = get();
    return joinTrustInputs(
      report.stacks
        .filter(({ stack }) => stack.startsWith("escapement/"))
        .map(({ stack: whole, resources }) => {
          const [project = "", stack = ""] = whole.split("/");
          return recordedTrust({ organization: cloud.organization, project, stack, resources });
        }),
    );
  };

  describe("what its recorded resources say about trust", () => {
    it("gives the lint every role, environment and adapter to look at, and it stays silent in every stage", async () => {
      const input = read();
      assert.ok(input.roles.length >= 7);
      assert.equal(input.providers.length, 2);
      assert.ok(input.environments.length >= 4);
      assert.ok(input.adapters.length >= 2);
      assert.ok(input.entries.length >= 6);
      const suppressions = await readSuppressions(join(root, "trust-lint.yaml"));
      const findings = lintTrust(input, suppressions);
      assert.deepEqual(
        findings.filter(({ suppressed }) => suppressed === undefined),
        [],
      );
      assert.deepEqual(unusedSuppressions(findings, suppressions), []);
    });

    it("finds each wildcard and each missing pin that somebody puts into it", () => {
      const input = read();
      const broken = (from: string, to: string) =>
        JSON.parse(JSON.stringify(input).replaceAll(from, to)) as TrustInput;
      const rules = (changed: TrustInput) => [...new Set(lintTrust(changed).map(({ rule }) => rule))];
      const own = rules(input);
      const added = (from: string, to: string) =>
        rules(broken(from, to)).filter((rule) => !own.includes(rule));
      assert.deepEqual(
        added(":currentEnvironment.name:escapement/staging", ":currentEnvironment.name:<yaml>"),
        ["T08", "T09"],
      );
      assert.deepEqual(added("sts.amazonaws.com", "https://github.com/acme"), ["T04"]);
      assert.deepEqual(added("sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"), ["T16"]);
      assert.deepEqual(added('"retained":true', '"retained":false'), ["T21"]);
      assert.deepEqual(added('"durationSeconds":3600', '"durationSeconds":43200'), ["T18"]);
      assert.deepEqual(added('"organization":"acme","issuers"', '"issuers"'), ["T22"]);
    });

    it("explains every refusal of the sandbox by what was broken on purpose, and every allowed neighbour", async () => {
      const { cloud, report } = get();
      const input = read();
      const { config, project } = await readStackSettings({ directory: root, stack: "base" });
      const {
        repository: fullName,
        repositoryId,
        repositoryOwnerId: ownerId,
      } = JSON.parse(config[`${project}:github`] ?? "");
      const [owner, name] = fullName.split("/");
      const cases = trustCases({
        organization: cloud.organization,
        project,
        repository: { owner, name, ownerId, repositoryId },
      });
      const now = Math.floor(Date.now() / 1000);
      const refused = cases.filter(({ expected }) => expected === "refused");
      assert.deepEqual(refused.map(({ title }) => title).sort(), Object.keys(BROKEN).sort());
      assert.equal(report.trust.length, cases.length);
      for (const { title, presented, role: roleName, durationSeconds, reads, expected } of cases) {
        const role = input.roles.find((one) => one.name === roleName);
        assert.ok(role, roleName);
        const resource = input.entries.find((entry) => entry.name === reads)?.arn;
        const explanation = explainTrust({
          role,
          providers: input.providers,
          claims: {
            ...presented.claims,
            iss: presented.issuer,
            exp: now + (presented.expiresInSeconds ?? 300),
          },
          signature: presented.forged ? "invalid" : "valid",
          now,
          ...(durationSeconds !== undefined && { durationSeconds }),
          ...(resource !== undefined && { access: { action: "secretsmanager:GetSecretValue", resource } }),
        });
        assert.equal(explanation.allowed, expected === "allowed", title);
        // The account decided the same, over the wire.
        assert.equal(report.trust.find((one) => one.title === title)?.decided, expected);
        if (explanation.allowed) continue;
        const [what, cause] = BROKEN[title] ?? [/^$/, "value"];
        assert.equal(explanation.cause?.code, cause, title);
        const { key, operator, statement } = explanation;
        assert.ok(
          [key, operator, statement].some((named) => named !== undefined && what.test(named)),
          `${title}: ${key} ${operator} ${statement}`,
        );
      }
    });

    it("draws who reaches which entry, with a reason on every edge", () => {
      const map = buildTrustMap(read());
      const labels = (kind: string) =>
        map.nodes
          .filter((node) => node.kind === kind)
          .map(({ label }) => label)
          .sort();
      assert.deepEqual(
        labels("entry"),
        ["prod", "staging"].flatMap((stage) =>
          ["database", "jwt", "partner"].map((entry) => `escapement/${stage}/${entry}`),
        ),
      );
      assert.deepEqual(labels("who"), [
        "GitHub jobs of acme/escapement, environment preview",
        "GitHub jobs of acme/escapement, environment prod",
        "GitHub jobs of acme/escapement, environment staging",
        "team escapement-prod (write) opens escapement/prod",
        "team escapement-staging (write) opens escapement/staging",
        "team escapement-verify (open) opens escapement/prod",
        "team escapement-verify (open) opens escapement/staging",
      ]);
      assert.ok(map.edges.every(({ why }) => why.length > 0));
      // No edge crosses from one stage into another.
      const stageOf = (id: string) => /staging|prod/.exec(id)?.[0];
      for (const { from, to } of map.edges)
        assert.equal(stageOf(from) ?? stageOf(to), stageOf(to) ?? stageOf(from));
      // A deploy role reads nothing, but may put other code where something is read.
      const fromDeploy = map.edges.filter(({ from }) => from === "role:escapement-deploy-prod");
      assert.deepEqual(
        fromDeploy.map(({ kind, to }) => [kind, to]),
        [["replaces", "adapter-rule:escapement-prod-adapter: open for escapement/prod"]],
      );
      assert.match(renderMermaid(map), /^%%\{init.*\nflowchart LR\n/);
    });
  });
}
