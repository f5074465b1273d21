import assert from "node:assert/strict";
import { join } from "node:path";
import { GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { AssumeRoleWithWebIdentityCommand } from "@aws-sdk/client-sts";
import { createEscClient } from "../../cli/esc-client";
import { verify } from "../../cli/verify";
import { type Credentials, secretsManagerClient, stsClient } from "../../sandbox/aws-clients";
import type { LaptopCloud } from "../../sandbox/cloud";
import { type GithubRun, githubRunClaims } from "../../sandbox/issuers";
import type { MainJobReport } from "../../sandbox/main-job";
import { createEscServer } from "../../sandbox/pulumi";
import { recordedWorkflowTrust, type WorkflowTrust } from "../../sandbox/trust/recorded-workflow";
import { repositoryOf } from "../../sandbox/trust/repository";
import { readWorkflowFiles } from "../../sandbox/trust/workflow";
import {
  expandJobs,
  type GithubSubjectForm,
  type JobRun,
  predictWorkflows,
  pulumiLoginAudience,
  resolveText,
  type WorkflowPrediction,
} from "../../trust";

const root = join(__dirname, "..", "..");
const folder = join(root, ".github", "workflows");
const FILES = ["ci.yml", "deploy.yml", "preview.yml", "rotate.yml", "verify.yml"].map((file) =>
  join(folder, file),
);

/** What is not run here, by the step's text, and why. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^actions\/(?:checkout|setup-node)@/, "prepares the runner"],
  [/^pulumi\/actions@/, "installs the pulumi command, which cannot be had here"],
  [/^npm ci$/, "installs the packages"],
  [/^echo "::add-mask::/, "speaks to GitHub's runner"],
  [/^\.ci\/run$/, "is this suite, and the main job"],
  [/actionlint@/, "is in npm run soak"],
  [/escapement check --program/, "is in test/cli"],
  [/escapement trust (?:workflow|lint|map)/, "is in test/workflows and test/trust"],
  [/escapement sandbox (?:up|preview)/, "is in test/day-two"],
  [
    /^pulumi (?:up|preview)|for stack in .*\n *pulumi preview/,
    "needs an account: the sandbox does the same to the stack",
  ],
  [
    /^pulumi stack output/,
    "needs the pulumi command: test/cli/stack-outputs.test.ts gives verify what up exports",
  ],
  [/escapement rotate run/, "is in test/rotation: the program of this repository has no rotated credential"],
];

/**
 * This repository's workflows, job by job, against the program as it was brought up: as the identity that GitHub gives
 * them. Shares the up of its caller, whose cloud lets members do nothing by themselves.
 */
export function describeProgramWorkflows(
  get: () => { readonly cloud: LaptopCloud; readonly report: MainJobReport },
): void {
  const organization = "acme";
  let trust: WorkflowTrust;
  let runs: JobRun[];
  let prediction: WorkflowPrediction;
  let repository: NonNullable<ReturnType<typeof repositoryOf>>;

  const mint = (run: Partial<GithubRun>) =>
    get().cloud.issuers.github.mint(githubRunClaims({ repository: repository.repository, ...run }));
  const assume = async (role: string, token: string): Promise<Credentials | undefined> => {
    const { cloud } = get();
    const client = stsClient(cloud.awsClientOptions("eu-west-1"));
    const request = {
      RoleArn: `arn:aws:iam::${cloud.account.id}:role/${role}`,
      RoleSessionName: "job",
      WebIdentityToken: token,
    };
    const answer = await client.send(new AssumeRoleWithWebIdentityCommand(request)).catch((error: Error) => {
      assert.equal(error.name, "AccessDenied", `${role}: ${error.message}`);
    });
    const keys = answer?.Credentials;
    return (
      keys && {
        accessKeyId: keys.AccessKeyId ?? "",
        secretAccessKey: keys.SecretAccessKey ?? "",
        sessionToken: keys.SessionToken,
      }
    );
  };
  const mintForPulumi = (run: Partial<GithubRun>) =>
    mint({ ...run, audience: pulumiLoginAudience(organization) });
  const exchange = (
    subjectToken: string,
    holder: { team?: string; user?: string; administrator?: boolean },
  ) =>
    get()
      .cloud.exchangeToken({ organization, subjectToken, ...holder })
      .catch((error: Error) => {
        assert.match(error.message, /^no token is given: /);
        return undefined;
      });

  /** The job as GitHub runs it, for its token. */
  const identity = (run: JobRun, form: GithubSubjectForm): Partial<GithubRun> => ({
    event: run.trigger.event as GithubRun["event"],
    ref: run.ref,
    environment: run.environment,
    workflow: run.workflow.path.replace(/^.*\//, ""),
    jobWorkflowRef: `${repository.repository.owner}/${repository.repository.name}/${run.writtenIn}`,
    immutableSubject: form === "immutable",
  });

  before(async () => {
    const { report } = get();
    const base = report.stacks.find(({ stack }) => stack === "escapement/base");
    trust = recordedWorkflowTrust({
      organization,
      project: "escapement",
      stack: "base",
      resources: base?.resources ?? [],
    });
    const found = repositoryOf(trust.roles);
    assert.ok(found);
    repository = found;
    const workflows = await readWorkflowFiles(FILES);
    const { owner, name } = repository.repository;
    const args = { workflows, variables: trust.variables };
    runs = expandJobs({ ...args, repository: `${owner}/${name}` });
    prediction = predictWorkflows({ ...trust, ...args, ...repository });
  });

  describe("what its workflows' jobs get", () => {
    it("is what they ask for, by the prediction: nothing is found, nothing is unknown", () => {
      assert.deepEqual(prediction.findings, []);
      assert.deepEqual(
        prediction.jobs.flatMap(({ notes }) => notes),
        [],
      );
      const verdicts = prediction.jobs.flatMap(({ logins }) => logins.map(({ verdict }) => verdict));
      assert.ok(verdicts.length >= 12 && verdicts.every((verdict) => verdict === "allowed"), verdicts.join());
      assert.deepEqual(repository.forms, ["legacy", "immutable"]);
    });

    it("is what the account decides: each job's token at each role, in both forms of the subject", async () => {
      const asked = new Set<string>();
      for (const [index, run] of runs.entries()) {
        const predicted = prediction.jobs[index];
        assert.equal(predicted?.job, run.name);
        if (!run.idToken || predicted === undefined) continue;
        for (const form of repository.forms) {
          const job = identity(run, form);
          // Jobs that are the same to everybody who judges are asked for once.
          const key = JSON.stringify([
            job.environment,
            job.jobWorkflowRef,
            form,
            job.event === "pull_request",
          ]);
          if (asked.has(key)) continue;
          asked.add(key);
          for (const { name: role, allowed } of predicted.roles) {
            const session = await assume(role, await mint(job));
            assert.equal(session !== undefined, allowed, `${run.name} (${form}): ${role}`);
          }
        }
      }
      // staging, prod, preview, verify; rotate in both stages: twice each.
      assert.equal(asked.size, 12);
    });

    it("is what runs: each step in the sandbox, or marked with what it would need", async () => {
      const { cloud } = get();
      const server = createEscServer({ service: cloud.esc, accessToken: "nobody-has-this-one" });
      const url = await server.start();
      const done: string[] = [];
      const ran = new Set<string>();
      try {
        for (const run of runs) {
          const key = `${run.file} ${run.job.id} ${run.environment}`;
          if (ran.has(key)) continue;
          ran.add(key);
          let pulumiToken: string | undefined;
          const env = Object.fromEntries(
            Object.entries(run.scope.env ?? {}).map(([name, text]) => [
              name,
              resolveText(text ?? "", run.scope),
            ]),
          );
          for (const step of run.job.steps) {
            const login = run.logins.find(({ line }) => line === step.line);
            const text = (step.uses ?? step.run ?? "").replace(
              /\$([A-Z]+)/g,
              (whole, name) => env[name] ?? whole,
            );
            if (login?.kind === "aws") {
              const role = resolveText(login.role.text, run.scope)?.replace(/^.*\//, "") ?? "";
              assert.ok(await assume(role, await mint(identity(run, "immutable"))), role);
              done.push(`${run.name}: takes ${role}`);
            } else if (login?.kind === "pulumi") {
              const team = resolveText(login.scope, run.scope)?.replace(/^team:/, "");
              pulumiToken = await exchange(await mintForPulumi(identity(run, "immutable")), { team });
              assert.ok(pulumiToken, team);
              done.push(`${run.name}: logs in to Pulumi as ${team}`);
            } else if (text.includes("escapement verify")) {
              assert.ok(pulumiToken);
              const client = await createEscClient({ url, accessToken: pulumiToken });
              const promote = text.includes("--promote");
              for (const [target, project = "", name = "", version] of text.matchAll(
                /acme\/([\w-]+)\/([\w-]+)(?:@(\w+))?/g,
              )) {
                const result = await verify(client, { organization, project, name, version }, { promote });
                assert.deepEqual(result.problems, [], `${run.name}: ${target}`);
                assert.ok(result.ok && result.variables.length > 0);
                done.push(`${run.name}: ${promote ? "promotes" : "opens"} ${target}`);
              }
            } else {
              const why = ELSEWHERE.find(([pattern]) => pattern.test(text.trim()))?.[1];
              assert.ok(why, `${run.file}:${step.line}: nobody says what becomes of this step:\n${text}`);
            }
          }
        }
      } finally {
        await server.stop();
      }
      assert.deepEqual(done.sort(), [
        "cloud: logs in to Pulumi as escapement-preview",
        "cloud: takes escapement-preview",
        "prod / deploy: logs in to Pulumi as escapement-prod",
        "prod / deploy: promotes acme/escapement/prod",
        "prod / deploy: takes escapement-deploy-prod",
        "rotate: logs in to Pulumi as escapement-prod",
        "rotate: logs in to Pulumi as escapement-staging",
        "staging / deploy: logs in to Pulumi as escapement-staging",
        "staging / deploy: promotes acme/escapement/staging",
        "staging / deploy: takes escapement-deploy-staging",
        "verify / live: logs in to Pulumi as escapement-verify",
        "verify / live: opens acme/escapement/prod@live",
        "verify / live: opens acme/escapement/staging@live",
      ]);
    });
  });

  describe("a malicious pull request", () => {
    const pull = { event: "pull_request", ref: "refs/pull/7/merge", headRef: "fix" } as const;
    /** Whatever a pull request and its branch can make GitHub sign, even where an environment has no rules at all. */
    const attempts = (): Partial<GithubRun>[] => {
      const { owner, name } = repository.repository;
      const written = ["deploy-stage.yml", "verify.yml", "evil.yml"];
      return [pull, { event: "push", ref: "refs/heads/fix" } as const].flatMap((run) =>
        [undefined, "staging", "prod", "verify"].flatMap((environment) =>
          written.flatMap((workflow) =>
            repository.forms.map((form) => ({
              ...run,
              environment,
              workflow,
              jobWorkflowRef: `${owner}/${name}/.github/workflows/${workflow}@${run.ref}`,
              immutableSubject: form === "immutable",
            })),
          ),
        ),
      );
    };

    it("gets none of the account's roles by any token that GitHub would sign for it", async () => {
      const { cloud } = get();
      const roles = [...cloud.account.roles.values()]
        .map(({ name }) => name)
        .filter((name) => name.startsWith("escapement-"));
      for (const role of [
        "escapement-preview",
        "escapement-deploy-staging",
        "escapement-deploy-prod",
        "escapement-prod-esc-login",
      ])
        assert.ok(roles.includes(role), role);
      // A workflow file decides nothing here but where it is of main: one of each is enough at the other roles.
      const all = attempts();
      for (const run of all) {
        const token = await mint(run);
        for (const role of ["escapement-deploy-prod", "escapement-deploy-staging"])
          assert.equal(await assume(role, token), undefined, `${role}: ${JSON.stringify(run)}`);
      }
      for (const run of all.filter(({ workflow }) => workflow === "evil.yml")) {
        const token = await mint(run);
        for (const role of roles)
          assert.equal(await assume(role, token), undefined, `${role}: ${JSON.stringify(run)}`);
      }
    });

    it("gets no token of Pulumi's: no team's, no user's, not the organization's", async () => {
      const teams = ["preview", "staging", "prod", "verify", "developers"].map((team) => ({
        team: `escapement-${team}`,
      }));
      for (const run of attempts()) {
        const token = await mintForPulumi(run);
        for (const holder of [...teams, {}, { user: "sandbox" }, { administrator: true }])
          assert.equal(await exchange(token, holder), undefined, JSON.stringify([run, holder]));
      }
    });

    it("let into environment preview by a reviewer, gets the preview role and token, and neither a deploy role, nor prod, nor a value", async () => {
      const { cloud } = get();
      const approved = { ...pull, environment: "preview" };
      const token = await mint(approved);
      const session = await assume("escapement-preview", token);
      assert.ok(session);
      for (const role of ["escapement-deploy-prod", "escapement-deploy-staging", "escapement-prod-esc-login"])
        assert.equal(await assume(role, token), undefined, role);
      const client = secretsManagerClient(cloud.awsClientOptions("eu-west-1"), session);
      for (const entry of ["database", "jwt", "partner"]) {
        const read = client.send(new GetSecretValueCommand({ SecretId: `escapement/prod/${entry}` }));
        await assert.rejects(read, { name: "AccessDeniedException" }, entry);
      }

      const forPulumi = await mintForPulumi(approved);
      const pulumiToken = await exchange(forPulumi, { team: "escapement-preview" });
      assert.ok(pulumiToken);
      for (const team of ["escapement-staging", "escapement-prod", "escapement-verify"])
        assert.equal(await exchange(forPulumi, { team }), undefined, team);
      const server = createEscServer({ service: cloud.esc, accessToken: "nobody-has-this-one" });
      const url = await server.start();
      const ask = async (method: string, path: string, body?: string) => {
        const response = await fetch(`${url}/api/esc/environments${path}`, {
          method,
          body,
          headers: { authorization: `token ${pulumiToken}`, connection: "close" },
        });
        return { status: response.status, text: await response.text() };
      };
      try {
        // What previews need: that base is there.
        assert.equal((await ask("GET", "/acme/escapement/base")).status, 200);
        const wanted: readonly (readonly [string, string, string?])[] = [
          ["POST", "/acme/escapement/prod/open"],
          ["POST", "/acme/escapement/prod/versions/live/open"],
          ["POST", "/acme/escapement/base/open"],
          ["GET", "/acme/escapement/prod"],
          ["GET", "/acme/escapement/prod/decrypt"],
          ["POST", "/acme/yaml/open", "imports: [escapement/prod]\n"],
          ["POST", "/acme/yaml/open", 'values: {x: "${environments.escapement.prod.secrets}"}\n'],
          ["POST", "/acme/yaml/check?showSecrets=true", "imports: [escapement/prod]\n"],
          ["POST", "/acme/escapement/prod/clone", '{"project":"escapement","name":"mine"}'],
          ["PATCH", "/acme/escapement/prod", "values: {}\n"],
          ["POST", "/acme/escapement/prod/versions/tags", '{"name":"live","revision":1}'],
          ["POST", "/acme", '{"project":"mine","name":"prod"}'],
        ];
        for (const [method, path, body] of wanted) {
          const { status, text } = await ask(method, path, body);
          assert.ok(status >= 400, `${method} ${path}: ${status} ${text}`);
        }
        // Its own anonymous definition opens, and logs in as nobody whom a role trusts.
        const roleArn = cloud.outputs("escapement/prod")?.loginRoleArn;
        const login = `values:
  aws:
    fn::open::aws-login:
      oidc:
        roleArn: ${String(roleArn)}
        sessionName: mine
        subjectAttributes: [currentEnvironment.name]
`;
        const { status, text } = await ask("POST", "/acme/yaml/open", login);
        assert.ok(status === 400 && /AccessDenied|not authorized/i.test(text), `${status} ${text}`);
      } finally {
        await server.stop();
      }
    });
  });
}
