import * as pulumi from "@pulumi/pulumi";
import * as z from "zod";

const stackSources = z.record(
  z.string(),
  z.strictObject({ stack: z.string(), outputs: z.record(z.string(), z.string()) }),
);

const github = z.strictObject({
  repository: z.string(),
  repositoryId: z.optional(z.string()),
  repositoryOwnerId: z.optional(z.string()),
});

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
  /** The repository whose workflows deploy. None: no roles for GitHub. */
  readonly github: z.infer<typeof github> | undefined;
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
  return {
    organization: pulumi.getOrganization(),
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    region: new pulumi.Config("aws").require("region"),
    domain: config.require("domain"),
    stacks: readObject(config, "stacks", stackSources) ?? {},
    github: readObject(config, "github", github),
    stages: readObject(config, "stages", z.array(z.string())) ?? ["staging", "prod"],
    resourceTypes: readObject(config, "resourceTypes", z.array(z.string())) ?? [],
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
