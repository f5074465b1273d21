import { isMap } from "../../esc/is-map";
import type { Cloud, DeleteRequest, ResourceRequest, ResourceType } from "../engine/cloud";
import { GithubError, type GithubRepositories } from "./repositories";

/**
 * What GitHub's provider does, done to the repositories on the laptop. Behaviour read in terraform-provider-github, the
 * files named in sandbox/replacements.ts.
 */
export function createGithubCloud(repositories: GithubRepositories): Required<Pick<Cloud, "resources">> {
  return {
    resources: {
      "github:index/repositoryEnvironment:RepositoryEnvironment": environmentResource(repositories),
      "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy":
        deploymentPolicyResource(repositories),
      "github:index/actionsVariable:ActionsVariable": variableResource(repositories, {
        inEnvironment: false,
      }),
      "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable": variableResource(repositories, {
        inEnvironment: true,
      }),
    },
  };
}

type Request = Pick<ResourceRequest, "inputs" | "type" | "name" | "provider">;

const RULES = ["reviewers", "waitTimer", "canAdminsBypass", "preventSelfReview", "deploymentBranchPolicy"];

function environmentResource(repositories: GithubRepositories): ResourceType {
  const put = (request: ResourceRequest) => {
    refuseOthers(request, ["repository", "environment", ...RULES]);
    const environment = text(request, "environment");
    const rules = Object.fromEntries(RULES.flatMap((rule) => withValue(rule, request.inputs[rule])));
    checkRules(request, rules);
    repositories.putEnvironment(fullName(request), environment, rules);
    return environment;
  };
  return {
    create: (request) => ({
      id: `${text(request, "repository")}:${put(request)}`,
      outputs: { repositoryId: 1 },
    }),
    update: (request) => {
      put(request);
      return { repositoryId: 1 };
    },
    delete: (request) => {
      repositories.repository(fullName(request)).environments.delete(text(request, "environment"));
    },
  };
}

/** @see https://docs.github.com/en/rest/deployments/environments */
function checkRules(request: Request, { reviewers, deploymentBranchPolicy }: Record<string, unknown>): void {
  const people = list(reviewers).flatMap((one) => [...list(fields(one).teams), ...list(fields(one).users)]);
  if (people.length > 6) throw refuse(request, "GitHub takes at most six reviewers");
  if (deploymentBranchPolicy === undefined) return;
  const { protectedBranches, customBranchPolicies } = fields(deploymentBranchPolicy);
  if (protectedBranches === customBranchPolicies) {
    throw refuse(request, "protectedBranches and customBranchPolicies cannot be the same (422)");
  }
}

function deploymentPolicyResource(repositories: GithubRepositories): ResourceType {
  const accepted = ["repository", "environment", "branchPattern", "tagPattern"];
  return {
    create(request) {
      refuseOthers(request, accepted);
      const environment = text(request, "environment");
      const { branchPattern, tagPattern } = request.inputs;
      const pattern = branchPattern ?? tagPattern;
      if (typeof pattern !== "string" || (branchPattern !== undefined && tagPattern !== undefined)) {
        throw refuse(request, "takes one of branchPattern and tagPattern");
      }
      const { rules } = repositories.environment(fullName(request), environment);
      if (fields(rules.deploymentBranchPolicy).customBranchPolicies !== true) {
        throw refuse(request, "the environment has no custom branch policies (404 Not Found)");
      }
      const policyId = repositories.addPolicy(fullName(request), environment, pattern);
      return {
        id: `${text(request, "repository")}:${environment}:${policyId}`,
        outputs: { policyId, repositoryId: 1 },
      };
    },
    delete(request) {
      const environments = repositories.repository(fullName(request)).environments;
      environments.get(text(request, "environment"))?.policies.delete(Number(request.id.split(":").pop()));
    },
  };
}

function variableResource(
  repositories: GithubRepositories,
  { inEnvironment }: { readonly inEnvironment: boolean },
): ResourceType {
  const accepted = ["repository", "variableName", "value", ...(inEnvironment ? ["environment"] : [])];
  const variablesOf = (request: Request) =>
    inEnvironment
      ? repositories.environment(fullName(request), text(request, "environment")).variables
      : repositories.repository(fullName(request)).variables;
  const moment = new Date(0).toISOString();
  return {
    create(request) {
      refuseOthers(request, accepted);
      const variables = variablesOf(request);
      const name = text(request, "variableName");
      if (variables.has(name)) throw refuse(request, `there is a variable ${name} already (409 Conflict)`);
      variables.set(name, text(request, "value"));
      const place = [
        text(request, "repository"),
        ...(inEnvironment ? [text(request, "environment")] : []),
        name,
      ];
      return { id: place.join(":"), outputs: { createdAt: moment, updatedAt: moment, repositoryId: 1 } };
    },
    update(request) {
      refuseOthers(request, accepted);
      variablesOf(request).set(text(request, "variableName"), text(request, "value"));
      return { createdAt: moment, updatedAt: moment, repositoryId: 1 };
    },
    delete(request) {
      const { environments, variables } = repositories.repository(fullName(request));
      const place = inEnvironment ? environments.get(text(request, "environment"))?.variables : variables;
      place?.delete(text(request, "variableName"));
    },
  };
}

/** The provider is told the owner; resources name the repository only. */
function fullName(request: Request | DeleteRequest): string {
  const owner = request.provider?.inputs.owner;
  if (typeof owner !== "string" || owner === "") {
    throw refuse(
      request,
      "the provider has no owner: it would look among the repositories of its token's user",
    );
  }
  return `${owner}/${text(request, "repository")}`;
}

function text(request: Request, input: string): string {
  const value = request.inputs[input];
  if (typeof value !== "string" || value === "") throw refuse(request, `${input} must be a string`);
  return value;
}

/** What the sandbox would leave out in silence, it refuses by name. */
function refuseOthers(request: Request, accepted: readonly string[]): void {
  const other = Object.keys(request.inputs).find((input) => !accepted.includes(input));
  if (other !== undefined) throw refuse(request, `the sandbox does not know the input ${other}`);
}

function refuse({ type, name }: Pick<Request, "type" | "name">, what: string): GithubError {
  return new GithubError(`${type} ${name}: ${what}`);
}

function fields(value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function withValue(key: string, value: unknown): [string, unknown][] {
  return value === undefined ? [] : [[key, value]];
}
