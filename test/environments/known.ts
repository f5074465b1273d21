import { placeholderContext } from "../../esc/definition/index";
import { base, type StageOptions } from "../../esc/environments/index";
import {
  check,
  type EvaluateOptions,
  type Evaluation,
  open,
  type Provider,
  secret,
} from "../../esc/evaluator/index";
import { providerSchemas } from "../../esc/providers/schemas";

export const project = "shop";

/** Everything that a stage can be given. */
export function everything(stage: "staging" | "prod"): Required<Omit<StageOptions, "region" | "namePrefix">> {
  return {
    project,
    stacks: {
      infra: {
        stack: `infra/${stage}`,
        outputs: { ecs_cluster_name: "ECS_CLUSTER", ecr_repository_url: "ECR_REPOSITORY_URL" },
      },
      api: { stack: `api/${stage}`, outputs: { service_name: "ECS_SERVICE" } },
    },
    loginRoleArn: `arn:aws:iam::123456789012:role/shop-${stage}-esc`,
    adapterUrl: `https://adapter-${stage}.example.com/open`,
  };
}

const baseYaml = base({ domain: "example.com", region: "eu-west-1" }).render();

async function loadEnvironment(name: string) {
  if (name !== `${project}/base`) throw new Error(`there is no environment ${name}`);
  return { yaml: baseYaml };
}

/** Checks a definition against the real `base` and the providers' schemas. */
export function checked(name: string, yaml: string): Promise<Evaluation> {
  return check({
    name: `${project}/${name}`,
    yaml,
    loadEnvironment,
    providers: providerSchemas,
    context: placeholderContext,
  });
}

/** Opens a definition; providers answer as ESC's do, from what is given here. */
export function opened(
  name: string,
  yaml: string,
  providers: EvaluateOptions["providers"] = {},
): Promise<Evaluation> {
  return open({ name: `${project}/${name}`, yaml, loadEnvironment, providers, context: placeholderContext });
}

/** What the providers of a whole stage were asked, and what they answer. */
export function cloud() {
  const asked: Record<string, unknown[]> = {};
  const answers: { readonly [name: string]: (inputs: never) => unknown } = {
    "pulumi-stacks": () => ({
      infra: { ecs_cluster_name: "app-staging", ecr_repository_url: "1.dkr.ecr.eu-west-1.amazonaws.com/app" },
      api: { service_name: "api-staging" },
    }),
    "aws-login": () =>
      secret({ accessKeyId: "SESSION-ID", secretAccessKey: "SESSION-KEY", sessionToken: "SESSION-TOKEN" }),
    "aws-secrets": () =>
      secret({ database: '{"url":"postgresql://db/app"}', jwt: '{"secret":"signing key","rotated":1}' }),
    external: () => ({ response: secret({ value: '{"apiKey":"partner key"}' }) }),
  };
  const providers: Record<string, Provider> = {};
  for (const [name, answer] of Object.entries(answers)) {
    providers[name] = {
      ...providerSchemas[name as keyof typeof providerSchemas],
      async open(inputs) {
        asked[name] = [...(asked[name] ?? []), inputs];
        return answer(inputs as never);
      },
    };
  }
  return { asked, providers };
}
