import { matchesTokens, patternTokens } from "../evaluate/patterns";
import { escSubject } from "../subjects/esc";
import { githubSubject } from "../subjects/github";
import { contextsOf } from "../workflow/expand";
import { type Finding, type Found, newFinding } from "./finding";
import type { TrustAdapter, TrustInput, TrustRole, WorkflowJob } from "./input";
import { changesWhatItCalls, mayDo } from "./permissions";
import type { RuleId } from "./rules";
import {
  type ClaimCondition,
  fields,
  issuerOf,
  isWild,
  listOf,
  narrows,
  readTrustStatements,
  texts,
} from "./statements";

type Rule = (input: TrustInput) => readonly (readonly [RuleId, Found])[];

/** Conditions of a role on the subject of one issuer. */
function subjectsOf(role: TrustRole, issuer: "github" | "esc"): ClaimCondition[] {
  return readTrustStatements(role.trustPolicy).flatMap(({ conditions }) =>
    conditions.filter((one) => one.claim === "sub" && narrows(one) && issuerOf(one.prefix) === issuer),
  );
}

function accepts(condition: ClaimCondition, subject: string): boolean {
  return condition.values.some((value) =>
    isWild(condition, value) ? matchesTokens(patternTokens(value), subject) : value === subject,
  );
}

const roleBy = (input: TrustInput, arn: string | undefined) =>
  arn === undefined ? undefined : input.roles.find((role) => role.arn === arn);

const checkLogins: Rule = (input) =>
  input.environments.flatMap((environment) =>
    environment.logins.flatMap((login) => {
      const role = roleBy(input, login.roleArn);
      if (role === undefined) return [];
      const found: (readonly [RuleId, Found])[] = [];
      const at = {
        place: { ...environment.place, ...(login.line && { line: login.line }) },
        on: environment.name,
      };
      const organization = environment.organization ?? input.organization;
      const conditions = subjectsOf(role, "esc");
      const userAttribute = login.subjectAttributes.find((name) => /^pulumi\.(?:user|token)/.test(name));
      if (organization !== undefined && conditions.length > 0 && userAttribute === undefined) {
        const subject = escSubject({
          organization,
          environment: environment.name,
          subjectAttributes: login.subjectAttributes,
        });
        if (!conditions.some((condition) => accepts(condition, subject))) {
          found.push([
            "T09",
            { ...at, message: `its login presents ${subject}, which ${role.name} does not trust` },
          ]);
        }
      }
      const most = role.maxSessionSeconds;
      if (most !== undefined && login.durationSeconds > most) {
        found.push([
          "T18",
          {
            ...at,
            message: `asks ${role.name} for ${login.durationSeconds} seconds, which gives at most ${most}`,
          },
        ]);
      }
      return found;
    }),
  );

/** Every subject that a job may present, after the repository. */
function contextTexts({ environment, events, branches, tags }: WorkflowJob): string[] {
  const contexts =
    environment === undefined
      ? events.flatMap((event) => contextsOf({ event, branches, tags }, undefined))
      : [{ kind: "environment", name: environment } as const];
  const repository = { owner: "any", name: "any" };
  const texts = contexts.map((context) =>
    githubSubject({ repository, form: "legacy", context, template: ["context"] }),
  );
  return [...new Set(texts)];
}

const checkJobs: Rule = (input) =>
  input.jobs.flatMap((job) => {
    const named = roleBy(input, job.roleArn);
    if (job.roleArn !== undefined && named === undefined) return [];
    const candidates = (named === undefined ? input.roles : [named]).flatMap((role) =>
      subjectsOf(role, "github"),
    );
    if (candidates.length === 0) return [];
    const trusted = candidates.flatMap(({ values }) =>
      values.map((value) => value.replace(/^repo:[^:]*:?/, "")),
    );
    const fits = (context: string) =>
      candidates.some((condition) =>
        condition.values.some((value) => {
          const pattern = value.replace(/^repo:[^:]*:?/, "");
          return isWild(condition, value)
            ? matchesTokens(patternTokens(pattern), context)
            : pattern === context;
        }),
      );
    return contextTexts(job)
      .filter((context) => !fits(context))
      .map((context): readonly [RuleId, Found] => {
        const caseless = trusted.find((pattern) => pattern.toLowerCase() === context.toLowerCase());
        const hint =
          caseless === undefined
            ? `trusted are ${[...new Set(trusted)].join(", ")}`
            : `case counts: trusted is ${caseless}`;
        const whom = named === undefined ? "no role trusts" : `${named.name} does not trust`;
        return [
          "T11",
          { place: job.place, on: job.name, message: `presents ${context}, which ${whom}; ${hint}` },
        ];
      });
  });

const checkProviders: Rule = ({ providers }) =>
  providers.flatMap(({ place, url, thumbprints, retained, keepsAudiences }) => {
    const found: (readonly [RuleId, Found])[] = [];
    const issuer = issuerOf(url.replace(/^https:\/\//, ""));
    if (thumbprints.length > 0 && issuer !== "other") {
      found.push([
        "T19",
        { place, on: url, message: `pins ${thumbprints.length} thumbprint(s), which AWS ignores for ${url}` },
      ]);
    }
    if (!retained)
      found.push([
        "T21",
        { place, on: url, message: "a destroy of this stack takes it from the whole account" },
      ]);
    else if (!keepsAudiences)
      found.push(["T21", { place, on: url, message: "an update removes the audiences that others added" }]);
    return found;
  });

const checkInvokers: Rule = ({ roles }) =>
  roles
    .filter(changesWhatItCalls)
    .map(({ place, name }) => [
      "T20",
      { place, on: name, message: "may replace the code of the function that it calls" },
    ]);

const checkAdapters: Rule = ({ adapters }) =>
  adapters.flatMap((adapter) =>
    (adapter.config === undefined ? unpinnedInCode(adapter) : unpinnedInConfig(adapter)).map(
      (message): readonly [RuleId, Found] => ["T22", { place: adapter.place, on: adapter.name, message }],
    ),
  );

function unpinnedInConfig({ config }: TrustAdapter): string[] {
  const { organization, routes } = fields(config);
  const open = listOf(routes).filter((route) => {
    const { audience, audienceParameter } = fields(route);
    return [audience, audienceParameter].every((one) => typeof one !== "string" || /^$|[*]/.test(one));
  });
  return [
    ...(typeof organization === "string" && /^[\w.-]+$/.test(organization)
      ? []
      : ["its configuration names no organization"]),
    ...(open.length > 0 || listOf(routes).length === 0
      ? ["its configuration gives a route no audience of its own"]
      : []),
  ];
}

/** What a reader would look for. Only code that takes ESC's tokens is judged. */
function unpinnedInCode({ code }: TrustAdapter): string[] {
  if (code === undefined || !/body_hash|current_env|jwtVerify|jwt\.verify/.test(code)) return [];
  const fromHost = /headers\??\.?\[?["']?host\b|\bdomainName\b/i.test(code) && /audience/.test(code);
  const comparesOrg = /\.org\b\s*!?={2,3}|!?={2,3}\s*[\w.]+\.org\b|["']org["']|organization/.test(code);
  return [
    ...(fromHost ? ["its code takes the expected audience from the request's Host"] : []),
    ...(comparesOrg ? [] : ["its code compares no organization"]),
  ];
}

const PRODUCTION = /(?:^|[/_-])prod(?:uction)?$/i;

const checkProduction: Rule = ({ environments, permissions, organization }) =>
  environments
    .filter(
      ({ name }) => PRODUCTION.test(name) && !permissions.some(({ environment }) => environment === name),
    )
    .map(({ place, name, organization: own }) => [
      "T24",
      {
        place,
        on: name,
        message: `no permission is declared: every member of ${own ?? organization ?? "the organization"} can open and edit it`,
      },
    ]);

const REPLACING = ["lambda:UpdateFunctionCode"];

/** The roles that may replace an adapter's code, and by which statement. */
export function replacers({ roles }: TrustInput, { functionArn }: TrustAdapter) {
  if (functionArn === undefined) return [];
  return roles.flatMap((role) => {
    if (role.arn === undefined) return [];
    const decision = REPLACING.map((action) => mayDo(role, action, functionArn)).find((one) => one?.allowed);
    return decision === undefined
      ? []
      : [{ role, statement: decision.deciding.statement?.sid ?? "a statement" }];
  });
}

const checkReplacers: Rule = (input) =>
  input.adapters.flatMap((adapter) =>
    replacers(input, adapter).map(({ role, statement }): readonly [RuleId, Found] => [
      "T25",
      {
        place: role.place,
        on: role.name,
        message: `${statement} lets it replace the code of ${adapter.name}, which reads ${readsOf(adapter)}`,
      },
    ]),
  );

function readsOf({ config }: TrustAdapter): string {
  const names = listOf(fields(config).access).flatMap((rule) => texts(fields(rule).names));
  return names.length === 0 ? "what its role may read" : [...new Set(names)].join(", ");
}

const RULES_OF_PROGRAM: readonly Rule[] = [
  checkLogins,
  checkJobs,
  checkProviders,
  checkInvokers,
  checkAdapters,
  checkProduction,
  checkReplacers,
];

/** The rules that compare several things: roles with logins, jobs and adapters; environments with permissions. */
export function lintProgram(input: TrustInput): Finding[] {
  return RULES_OF_PROGRAM.flatMap((rule) => rule(input).map(([id, found]) => newFinding(id, found)));
}
