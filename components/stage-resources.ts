import * as pulumi from "@pulumi/pulumi";
import { RESOURCE_ACTIONS, withoutRow } from "../trust/index";
import type { ArgumentIssue } from "./args";

/** What either adapter registers, with a function URL in front of it. */
const ADAPTER_RESOURCES = [
  "aws:cloudwatch/dashboard:Dashboard",
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:cloudwatch/metricAlarm:MetricAlarm",
  "aws:dynamodb/table:Table",
  "aws:iam/role:Role",
  "aws:iam/rolePolicy:RolePolicy",
  "aws:lambda/function:Function",
  "aws:lambda/functionUrl:FunctionUrl",
  "aws:ssm/parameter:Parameter",
];
const ENTRY_RESOURCES = ["aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretPolicy:SecretPolicy"];

/** The AWS resources that each component registers for a stage, by Pulumi type: what a deploy role has to be able to make. */
export const COMPONENT_RESOURCES = {
  SecretEntries: ENTRY_RESOURCES,
  EscLogin: ["aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"],
  AdapterLambda: ADAPTER_RESOURCES,
  AdapterRotate: [
    ...ADAPTER_RESOURCES,
    ...ENTRY_RESOURCES,
    // The daily look.
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:lambda/permission:Permission",
  ],
} as const satisfies Record<string, readonly string[]>;

/** What an adapter registers besides with `AdapterFrontDoor.HttpApi`. */
export const HTTP_API_RESOURCES = [
  "aws:apigatewayv2/api:Api",
  "aws:apigatewayv2/apiMapping:ApiMapping",
  "aws:apigatewayv2/domainName:DomainName",
  "aws:apigatewayv2/integration:Integration",
  "aws:apigatewayv2/route:Route",
  "aws:apigatewayv2/stage:Stage",
  "aws:lambda/permission:Permission",
] as const;

/** What a stage registers: of our components, and what it is said to register besides. Each type once, sorted. */
export function stageResources(options: {
  readonly httpApis?: boolean;
  readonly more?: readonly string[];
}): string[] {
  const { httpApis = false, more = [] } = options;
  const own: string[] = Object.values(COMPONENT_RESOURCES).flat();
  return [...new Set([...own, ...(httpApis ? HTTP_API_RESOURCES : []), ...more])].sort();
}

export function checkResourceTypes(types: readonly string[] = []): ArgumentIssue[] {
  return types.flatMap((type, index) =>
    Object.hasOwn(RESOURCE_ACTIONS, type)
      ? []
      : [{ path: `resourceTypes[${index}]`, reason: withoutRow([type]) }],
  );
}

/**
 * Fails the program for every AWS resource that the stage's deploy role could not make, in the first preview and by
 * name, instead of in CI after half of an `up`. To be called before the first resource.
 *
 * @param more types that the stage registers besides those of our components, as in `resourceTypes` of `GithubDeploy`
 */
export function requireDeployable(
  more: readonly string[] = [],
  options: { readonly httpApis?: boolean } = {},
): void {
  const granted = new Set(stageResources({ ...options, more }));
  pulumi.runtime.registerStackTransformation(({ type, name }) => {
    if (!type.startsWith("aws:")) return undefined;
    if (!Object.hasOwn(RESOURCE_ACTIONS, type)) throw new pulumi.RunError(`${name}: ${withoutRow([type])}`);
    if (!granted.has(type)) {
      throw new pulumi.RunError(
        `${name}: ${type} is not among what the deploy role may make: add it to \`resourceTypes\` of GithubDeploy ` +
          "and bring base up first",
      );
    }
    return undefined;
  });
}
