import * as pulumi from "@pulumi/pulumi";
import * as z from "zod";

const stackSources = z.record(
  z.string(),
  z.strictObject({ stack: z.string(), outputs: z.record(z.string(), z.string()) }),
);

const names = z.optional(z.array(z.string()));
const ids = z.optional(z.array(z.number()));

const github = z.strictObject({
  repository: z.string(),
  repositoryId: z.optional(z.string()),
  repositoryOwnerId: z.optional(z.string()),
  immutableOnly: z.optional(z.boolean()),
  previewEnvironment: z.optional(z.string()),
  jobWorkflowRefs: names,
  environments: z.optional(
    z.array(
      z.strictObject({
        name: z.string(),
        branches: names,
        reviewerTeams: ids,
        reviewerUsers: ids,
        selfReview: z.optional(z.boolean()),
        adminsCanBypass: z.optional(z.boolean()),
        waitMinutes: z.optional(z.number()),
      }),
    ),
  ),
  pulumiLogin: z.optional(
    z.strictObject({
      mode: z.optional(z.enum(["create", "skip"])),
      issuerName: z.optional(z.string()),
      maxTokenSeconds: z.optional(z.number()),
      policies: z.array(
        z.strictObject({
          environment: z.optional(z.string()),
          team: z.optional(z.string()),
          user: z.optional(z.string()),
          jobWorkflowRefs: names,
        }),
      ),
    }),
  ),
});

const access = z.array(
  z.strictObject({ team: z.string(), permission: z.enum(["read", "open", "write", "admin"]) }),
);

/** Everything that `Pulumi.yaml` and `Pulumi.<stack>.yaml` may say. */
export interface Settings {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  /** `aws:region` */
  readonly region: string;
  /** The domain under which every stage publishes. */
  readonly domain: string;
  /** Pulumi stacks whose outputs the stage's environment reads, by the name it shows them under. */
  readonly stacks: z.infer<typeof stackSources>;
  /** The repository whose workflows deploy, and who lets them. None: no roles for GitHub. */
  readonly github: ReturnType<typeof readGithub>;
  /** Which teams may do what with the stack's environments. None: nothing is declared. */
  readonly access: z.infer<typeof access> | undefined;
  /** The stages whose deploy roles this account has. Default: staging and prod. */
  readonly stages: string[];
  /** AWS resources that stages register besides those of the components, by Pulumi type; their deploy roles may make them. */
  readonly resourceTypes: string[];
}

/**
 * Reads the stack's configuration and checks its form.
 *
 * @throws RunError naming the key and what it should hold.
 */
export function readSettings(): Settings {
  const config = new pulumi.Config();
  const organization = pulumi.getOrganization();
  const region = new pulumi.Config("aws").require("region");
  return {
    organization,
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    region,
    domain: config.require("domain"),
    stacks: readObject(config, "stacks", stackSources) ?? {},
    github: readGithub(config, { organization, region }),
    access: readObject(config, "access", access),
    stages: readObject(config, "stages", z.array(z.string())) ?? ["staging", "prod"],
    resourceTypes: readObject(config, "resourceTypes", z.array(z.string())) ?? [],
  };
}

/** With what the rest of the configuration says: workflows learn the region and the organization from variables. */
function readGithub(
  config: pulumi.Config,
  { organization, region }: Pick<Settings, "organization" | "region">,
) {
  const given = readObject(config, "github", github);
  if (given === undefined) return undefined;
  const { environments, pulumiLogin } = given;
  const variables = { AWS_REGION: region, PULUMI_ORGANIZATION: organization };
  return {
    ...given,
    variables: environments && variables,
    pulumiLogin: pulumiLogin && { organization, ...pulumiLogin },
  };
}

function readObject<T>(config: pulumi.Config, key: string, schema: z.ZodType<T>): T | undefined {
  const value = config.getObject(key);
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${[key, ...path].join(".")}: ${message}`);
  throw new pulumi.RunError(`configuration of stack ${pulumi.getStack()}: ${problems.join("; ")}`);
}
