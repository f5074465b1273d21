import * as pulumi from "@pulumi/pulumi";
import * as z from "zod";

const stackSources = z.record(
  z.string(),
  z.strictObject({
    stack: z.string().describe("project/stack"),
    outputs: z.record(z.string(), z.string()).describe("output: VARIABLE"),
  }),
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
  /** ARN of the role that ESC assumes to read the stage's entries. */
  readonly loginRoleArn?: string;
  /** Full https address of the adapter's open route. */
  readonly adapterUrl?: string;
}

/**
 * Reads the stack's configuration and checks its form.
 *
 * @throws RunError naming the key, what it holds and what it should hold.
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
    loginRoleArn: config.get("loginRoleArn"),
    adapterUrl: config.get("adapterUrl"),
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
