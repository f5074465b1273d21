import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { joinTrustInputs, type TrustInput } from "../../trust";
import { LaptopCloud } from "../cloud";
import type { Deployment, DeploymentFailure } from "../engine/index";
import { readTrustFile } from "./files";
import { recordedTrust } from "./recorded";
import { joinWorkflowTrust, recordedWorkflowTrust, type WorkflowTrust } from "./recorded-workflow";

export interface ReadProgramOptions {
  /** Where the program's `Pulumi.yaml` is. */
  readonly directory: string;
  /** @default every stack that has a `Pulumi.<stack>.yaml` */
  readonly stacks?: readonly string[];
  /** @default "acme" */
  readonly organization?: string;
  readonly signal?: AbortSignal;
}

/** A stack that could not be brought up, so that what it records is not known. */
export class StackNotUpError extends Error {
  override readonly name = "StackNotUpError";

  constructor(stack: string, failure: DeploymentFailure | undefined) {
    super(`${stack} could not be brought up on this machine: ${failure?.message ?? "no reason was given"}`);
  }
}

/**
 * Brings a program up in a cloud on this machine, and reads from the recorded resources who can reach what; from
 * the folder's `.github/workflows`, which jobs take which roles.
 *
 * @throws StackNotUpError; EngineError for a project or stack file that cannot be used
 */
export async function readProgramTrust(options: ReadProgramOptions): Promise<TrustInput> {
  const stacks = await bringUp(options);
  return joinTrustInputs([...stacks.map(recordedTrust), ...(await readWorkflows(options.directory))]);
}

/**
 * The same of what decides for the jobs of workflows: the roles and providers, GitHub's environments and variables,
 * Pulumi's policies. Only the stack `base` is brought up, where there is one.
 *
 * @throws as `readProgramTrust`
 */
export async function readProgramWorkflowTrust(options: ReadProgramOptions): Promise<WorkflowTrust> {
  const all = await stackNames(options.directory);
  const stacks = await bringUp({ stacks: all.includes("base") ? ["base"] : all, ...options });
  return joinWorkflowTrust(stacks.map(recordedWorkflowTrust));
}

/** Brings stacks up, in the order in which they need each other. */
async function bringUp({
  directory,
  stacks,
  organization,
  signal,
}: ReadProgramOptions): Promise<Deployment[]> {
  const cloud = await LaptopCloud.start({ ...(organization !== undefined && { organization }) });
  try {
    const all = await stackNames(directory);
    const names = stacks ?? all;
    const up = async (stack: string) => {
      const deployment = await cloud.deploy({ directory, stack, operation: "up", ...(signal && { signal }) });
      if (!deployment.ok) throw new StackNotUpError(stack, deployment.failure);
      return deployment;
    };
    // The others look up what base owns, so it comes first even when only they are asked for.
    const base = all.includes("base") ? await up("base") : undefined;
    const rest = await Promise.all(names.filter((stack) => stack !== "base").map(up));
    return [...(base && names.includes("base") ? [base] : []), ...rest];
  } finally {
    await cloud.stop();
  }
}

async function stackNames(directory: string): Promise<string[]> {
  const files = await readdir(directory);
  return files.flatMap((file) => /^Pulumi\.([\w.-]+)\.ya?ml$/.exec(file)?.[1] ?? []).sort();
}

async function readWorkflows(directory: string): Promise<Partial<TrustInput>[]> {
  const folder = join(directory, ".github", "workflows");
  const files = await readdir(folder).catch(() => []);
  return Promise.all(
    files.filter((file) => /\.ya?ml$/.test(file)).map((file) => readTrustFile(join(folder, file))),
  );
}
