import {
  type ParsedEscSubject,
  type ParsedGithubSubject,
  type ParsedSubject,
  parseSubject,
} from "../subjects/parse";
import type { Cause } from "./causes";

function tryParse(subject: string): ParsedSubject | undefined {
  try {
    return parseSubject(subject);
  } catch {
    return undefined;
  }
}

/** Why a GitHub subject is none of those trusted. Undefined when they are not of GitHub's usual form. */
export function githubSubjectCause(expected: readonly string[], actual: string): Cause | undefined {
  const presented = tryParse(actual);
  const trusted = expected
    .map(tryParse)
    .filter((one): one is ParsedGithubSubject => one?.issuer === "github");
  if (presented?.issuer !== "github" || trusted.length === 0) return undefined;
  const fullName = ({ repository: { owner, name } }: ParsedGithubSubject) => `${owner}/${name}`;
  const sameName = trusted.filter((one) => fullName(one) === fullName(presented));
  if (sameName.length === 0) {
    return {
      code: "other-repository",
      text: `the job runs for ${fullName(presented)}, a fork or another repository; trusted is ${fullName(trusted[0] as ParsedGithubSubject)}`,
      fix: "run it in the trusted repository, or build a role of its own for this one",
    };
  }
  const context = (one: ParsedGithubSubject) => JSON.stringify(one.context ?? null);
  const sameContext = sameName.filter((one) => context(one) === context(presented));
  if (sameContext.length === 0) {
    return {
      code: "job-context",
      text: `the job runs for ${describe(presented)}, the role trusts ${[...new Set(sameName.map(describe))].join(" or ")}`,
      fix: "environment: of the job wins over pull request, that over branch and tag: give the job the trusted one, or trust this one",
    };
  }
  if (!sameContext.some(({ form }) => form === presented.form)) {
    return {
      code: "subject-form",
      text:
        presented.form === "immutable"
          ? "the repository presents ids in its subject, the role trusts names only"
          : "the repository presents names only, the role trusts the subject with ids",
      fix: 'list both exact subjects while it moves: githubSubjects({ forms: ["legacy", "immutable"] })',
    };
  }
  return {
    code: "recycled-name",
    text: "the repository has the trusted name, but other ids: it was created anew or taken over",
    fix: "if that is on purpose, put its new ids into the policy",
  };
}

function describe({ context }: ParsedGithubSubject): string {
  if (context === undefined) return "a customised subject";
  switch (context.kind) {
    case "pull_request":
      return "a pull request";
    default:
      return `the ${context.kind} ${context.name}`;
  }
}

/** Why an ESC subject is not the one trusted. */
export function escSubjectCause(expected: string, actual: string): Cause | undefined {
  const [trusted, presented] = [tryParse(expected), tryParse(actual)];
  if (
    presented?.issuer === "esc" &&
    JSON.stringify([presented.rootEnvironment, ...presented.attributes]).includes("<yaml>")
  ) {
    return {
      code: "anonymous-environment",
      text: "under pulumi up the environments of a stack are opened as one anonymous definition, <yaml>",
      fix: "give the login subjectAttributes: [currentEnvironment.name], which names where it is written",
    };
  }
  if (
    trusted === undefined ||
    presented === undefined ||
    trusted.issuer === "github" ||
    presented.issuer === "github"
  )
    return undefined;
  if (trusted.issuer !== "esc" || presented.issuer !== "esc") {
    return {
      code: "issuer-version",
      text: "one subject is of Pulumi's issuer v1 (names), the other of v2 (ids)",
      fix: "aws-login presents v1, fn::open::oidc v2: trust the form of the one in use",
    };
  }
  if (trusted.organization !== presented.organization) {
    return {
      code: "other-organization",
      text: `the environment is of ${presented.organization}, the role trusts ${trusted.organization}`,
      fix: "open the environment of the trusted organization",
    };
  }
  const keys = ({ attributes }: ParsedEscSubject) =>
    attributes.map(([name]) => name).join(", ") || "the default form";
  if (keys(trusted) !== keys(presented)) {
    return {
      code: "subject-attributes",
      text: `the login presents ${keys(presented)}, the role trusts ${keys(trusted)}; their order counts`,
      fix: "write subjectAttributes of the login and the policy's subject with the same attributes in the same order",
    };
  }
  return environmentCause(trusted, presented);
}

function environmentCause(trusted: ParsedEscSubject, presented: ParsedEscSubject): Cause {
  const value = ({ rootEnvironment, attributes }: ParsedEscSubject) =>
    rootEnvironment ?? attributes.find(([name]) => name.endsWith("Environment.name"))?.[1] ?? "";
  const [wanted, got] = [value(trusted), value(presented)];
  const plain = (name: string) => name.replace(/@.*$/, "");
  if (wanted !== got && plain(wanted) === plain(got)) {
    return {
      code: "other-revision",
      text: `${got} is another revision than the trusted ${wanted}: ESC puts tags and revisions into the name`,
      fix: "open it by the trusted name or tag, or add this tag to the role: escSubjects({ tags })",
    };
  }
  return {
    code: "other-environment",
    text: `the login is written in ${got || "another environment"}, the role trusts ${wanted}`,
    fix: "use the role of this environment; each stage has its own",
  };
}
