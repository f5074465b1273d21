import { TrustError } from "../errors";
import { ESC_SUBJECT_ATTRIBUTES, type EscSubjectAttribute } from "./esc";
import type { GithubContext, GithubRepository, GithubSubjectForm } from "./github";

/** What a GitHub subject says. */
export interface ParsedGithubSubject {
  readonly issuer: "github";
  readonly form: GithubSubjectForm;
  readonly repository: GithubRepository;
  /** None where the repository's template leaves it out. */
  readonly context?: GithubContext;
  /** The further claims that a template puts in, in its order. */
  readonly claims: Readonly<Record<string, string>>;
}

/** What a subject of ESC's `aws-login` says (issuer v1). */
export interface ParsedEscSubject {
  readonly issuer: "esc";
  readonly organization: string;
  /** What was opened, in the default form; `<yaml>` under `pulumi up`. */
  readonly rootEnvironment?: string;
  /** What `subjectAttributes` lists, in its order; empty in the default form. */
  readonly attributes: readonly (readonly [EscSubjectAttribute, string])[];
}

/** What a subject of `fn::open::oidc` says (issuer v2): ids, which no rename changes. */
export interface ParsedEscV2Subject {
  readonly issuer: "esc-v2";
  readonly organizationId: string;
  readonly environmentId: string;
}

/** What a subject says. */
export type ParsedSubject = ParsedGithubSubject | ParsedEscSubject | ParsedEscV2Subject;

const DEFAULT_FORM = /^pulumi:environments:org:([^:]+):env:([^:]+)$/;
const ATTRIBUTE_FORM = /^pulumi:environments:pulumi\.organization\.login:([^:]+)((?::[^:]+:[^:]+)+)$/;
const V2_FORM = /^pulumi:org:([^:]+):env:([^:]+)$/;
const REPOSITORY = /^repo:([A-Za-z0-9_-]+)(?:@(\d+))?\/([\w.-]+?)(?:@(\d+))?(?::(.*))?$/s;

/**
 * Takes a token's subject apart: GitHub's, with and without ids, and ESC's, of both of its issuers.
 *
 * @throws TrustError `ERR_TRUST_SUBJECT` for what neither of them presents
 */
export function parseSubject(subject: string): ParsedSubject {
  const parsed = subject.startsWith("pulumi:") ? parseEsc(subject) : parseGithub(subject);
  if (parsed !== undefined) return parsed;
  throw new TrustError("ERR_TRUST_SUBJECT", "subject", "is neither of GitHub's nor of ESC's forms");
}

function parseEsc(subject: string): ParsedEscSubject | ParsedEscV2Subject | undefined {
  const [, organizationId, environmentId] = V2_FORM.exec(subject) ?? [];
  if (organizationId && environmentId) return { issuer: "esc-v2", organizationId, environmentId };
  const [, org, rootEnvironment] = DEFAULT_FORM.exec(subject) ?? [];
  if (org) return { issuer: "esc", organization: org, rootEnvironment, attributes: [] };
  const [, organization, rest = ""] = ATTRIBUTE_FORM.exec(subject) ?? [];
  if (organization === undefined) return undefined;
  const parts = rest.slice(1).split(":");
  const attributes: [EscSubjectAttribute, string][] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const attribute = ESC_SUBJECT_ATTRIBUTES.find((known) => known === parts[index]);
    if (attribute === undefined) return undefined;
    attributes.push([attribute, parts[index + 1] ?? ""]);
  }
  return { issuer: "esc", organization, attributes };
}

function parseGithub(subject: string): ParsedGithubSubject | undefined {
  const [, owner, ownerId, name, repositoryId, rest] = REPOSITORY.exec(subject) ?? [];
  if (owner === undefined || name === undefined) return undefined;
  // GitHub puts both ids in, or none.
  if ((ownerId === undefined) !== (repositoryId === undefined)) return undefined;
  const ids = ownerId === undefined ? {} : { ownerId, repositoryId };
  const parts = rest === undefined ? [] : rest.split(":");
  const context = takeContext(parts);
  if (parts.length % 2 === 1) return undefined;
  const claims: Record<string, string> = {};
  for (let index = 0; index < parts.length; index += 2)
    claims[parts[index] ?? ""] = decode(parts[index + 1] ?? "");
  return {
    issuer: "github",
    form: ownerId === undefined ? "legacy" : "immutable",
    repository: { owner, name, ...ids },
    ...(context !== undefined && { context }),
    claims,
  };
}

/** Takes the context from the front of what follows the repository. */
function takeContext(parts: string[]): GithubContext | undefined {
  const [first, second = ""] = parts;
  if (first === "pull_request") {
    parts.shift();
    return { kind: "pull_request" };
  }
  if (first === "environment" && second !== "") {
    parts.splice(0, 2);
    return { kind: "environment", name: decode(second) };
  }
  const [, type, name = ""] = /^refs\/(heads|tags)\/(.+)$/s.exec(second) ?? [];
  if (first !== "ref" || type === undefined) return undefined;
  parts.splice(0, 2);
  return { kind: type === "tags" ? "tag" : "branch", name: decode(name) };
}

/** GitHub writes a `:` inside a value as `%3A`. */
function decode(value: string): string {
  return value.replaceAll("%3A", ":");
}
