import type {
  DeploymentEnvironment,
  PulumiLoginPolicy,
  TrustProvider,
  TrustRole,
  WorkflowVariable,
} from "../../trust";
import { plainMap, type ResourceState } from "../engine/index";
import { type RecordedStack, recordedTrust } from "./recorded";

/** What decides what the jobs of workflows get, from whatever source. */
export interface WorkflowTrust {
  readonly roles: readonly TrustRole[];
  readonly providers: readonly TrustProvider[];
  readonly variables: readonly WorkflowVariable[];
  /** Undefined where the source does not speak of GitHub's environments. */
  readonly environments: readonly DeploymentEnvironment[] | undefined;
  /** Undefined where the source does not speak of Pulumi's issuer. */
  readonly pulumiPolicies: readonly PulumiLoginPolicy[] | undefined;
}

/** What a deployment's recorded resources say about it. After a preview, what is not known yet is missing. */
export function recordedWorkflowTrust(stack: RecordedStack): WorkflowTrust {
  const { roles, providers } = recordedTrust(stack);
  const recorded = stack.resources.filter(
    ({ change, custom }) => custom && change !== "delete" && change !== "retain",
  );
  const inputsOf = (type: string) =>
    recorded
      .filter((resource: ResourceState) => resource.type === type)
      .map(({ inputs }) => plainMap(inputs));
  const environments = inputsOf("github:index/repositoryEnvironment:RepositoryEnvironment");
  const policies = inputsOf(
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
  );
  const issuers = inputsOf("pulumiservice:index:OidcIssuer");
  return {
    roles,
    providers,
    variables: [
      ...inputsOf("github:index/actionsVariable:ActionsVariable"),
      ...inputsOf("github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"),
    ].map(({ environment, variableName, value }) => ({
      ...(environment !== undefined && { environment: String(environment) }),
      name: String(variableName),
      value: String(value),
    })),
    environments:
      environments.length === 0
        ? undefined
        : environments.map(({ environment, deploymentBranchPolicy, reviewers }) => ({
            name: String(environment),
            branches:
              deploymentBranchPolicy === undefined
                ? undefined
                : policies
                    .filter(
                      (policy) => policy.environment === environment && policy.branchPattern !== undefined,
                    )
                    .map(({ branchPattern }) => String(branchPattern)),
            reviewed: reviewers !== undefined,
          })),
    pulumiPolicies:
      issuers.length === 0 ? undefined : issuers.flatMap(({ policies: all }) => all as PulumiLoginPolicy[]),
  };
}

/** Several stacks as one. */
export function joinWorkflowTrust(all: readonly WorkflowTrust[]): WorkflowTrust {
  const known = <T>(lists: readonly (readonly T[] | undefined)[]) => {
    const given = lists.filter((list) => list !== undefined);
    return given.length === 0 ? undefined : given.flat();
  };
  return {
    roles: all.flatMap(({ roles }) => roles),
    providers: all.flatMap(({ providers }) => providers),
    variables: all.flatMap(({ variables }) => variables),
    environments: known(all.map(({ environments }) => environments)),
    pulumiPolicies: known(all.map(({ pulumiPolicies }) => pulumiPolicies)),
  };
}
