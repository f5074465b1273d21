import { ask, type HostileCase } from "./case";

const denied = { status: 403, code: "access_denied" } as const;
const foreign = { status: 403, code: "organization_denied" } as const;

/** A genuine token of an environment that may not do this. */
export const accessCases: readonly HostileCase[] = [
  { title: "another organization", ...foreign, claims: { org: "evil", current_env: "evil/app/staging" } },
  { title: "the organization in another case", ...foreign, claims: { org: "Acme" } },
  { title: "no organization", ...foreign, claims: { org: undefined } },
  { title: "the organization in a list", ...foreign, claims: { org: ["acme"] } },
  { title: "an environment without a rule", ...denied, claims: { current_env: "acme/app/dev" } },
  {
    title: "the same environment of another project",
    ...denied,
    claims: { current_env: "acme/apps/staging" },
  },
  { title: "the environment in another case", ...denied, claims: { current_env: "acme/app/Staging" } },
  {
    title: "another organization's environment of that name",
    ...denied,
    claims: { current_env: "evil/app/staging" },
  },
  { title: "no current_env", ...denied, claims: { current_env: undefined } },
  { title: "an empty current_env", ...denied, claims: { current_env: "" } },
  { title: "current_env <yaml>", ...denied, claims: { current_env: "<yaml>" } },
  { title: "current_env with a segment too many", ...denied, claims: { current_env: "acme/app/staging/x" } },
  { title: "current_env with an empty segment", ...denied, claims: { current_env: "acme//app/staging" } },
  { title: "current_env with a wildcard", ...denied, claims: { current_env: "acme/app/*" } },
  { title: "current_env with two versions", ...denied, claims: { current_env: "acme/app/staging@1@live" } },
  { title: "the bare name of an environment in a project", ...denied, claims: { current_env: "staging" } },
  { title: "org/env for an environment in a project", ...denied, claims: { current_env: "acme/staging" } },
  {
    title: "sub and env of an allowed environment",
    ...denied,
    claims: {
      sub: "pulumi:environments:org:acme:env:app/staging",
      env: "staging",
      current_env: "acme/app/dev",
    },
  },
  {
    title: "a right that comes by root_env alone",
    ...denied,
    claims: { current_env: "acme/app/dev", root_env: "acme/app/staging" },
  },
  {
    title: "the wrong root environment",
    ...denied,
    claims: { current_env: "acme/app/shared", root_env: "acme/app/dev" },
  },
  {
    title: "no root environment where a rule asks for one",
    ...denied,
    claims: { current_env: "acme/app/shared", root_env: undefined },
  },
  { title: "another stage's secret", ...denied, body: ask({ source: "vault", name: "prod-database" }) },
  { title: "a secret nobody may read", ...denied, body: ask({ source: "vault", name: "root-password" }) },
  { title: "the secret's name in another case", ...denied, body: ask({ source: "vault", name: "Database" }) },
  { title: "the secret's name with a blank", ...denied, body: ask({ source: "vault", name: "database " }) },
  { title: "a wildcard for a name", ...denied, body: ask({ source: "vault", name: "*" }) },
  { title: "a name called __proto__", ...denied, body: ask({ source: "vault", name: "__proto__" }) },
  {
    title: "an environment beyond the pattern's segment",
    ...denied,
    claims: { current_env: "acme/app/pr-1/x" },
  },
  {
    title: "an environment that the pattern only begins like",
    ...denied,
    claims: { current_env: "acme/app/prx-1" },
  },
  {
    title: "a name beyond the pattern's segment",
    ...denied,
    claims: { current_env: "acme/app/pr-1" },
    body: ask({ source: "vault", name: "pr/a/b" }),
  },
  {
    title: "a name that leaves the pattern's segment",
    ...denied,
    claims: { current_env: "acme/app/pr-1" },
    body: ask({ source: "vault", name: "pr/.." }),
  },
  {
    title: "a name that leaves the pattern's segment once decoded",
    ...denied,
    claims: { current_env: "acme/app/pr-1" },
    body: ask({ source: "vault", name: "pr/..%2fdatabase" }),
  },
  {
    title: "a line end in a name for a pattern",
    ...denied,
    claims: { current_env: "acme/app/pr-1" },
    body: ask({ source: "vault", name: "pr/a\r\nx" }),
  },
];
