import { existsSync } from "node:fs";
import path from "node:path";
import { LaptopCloud } from "../sandbox/cloud";
import type { CloudState } from "../sandbox/cloud-state";
import { StateFile } from "../sandbox/state-file";
import { CommandFailure, EXIT } from "./exit";

/** What a job has of the cloud that it runs in. */
export interface CloudSession {
  readonly cloud: LaptopCloud;
  /** Aborted by Ctrl-C, which ends every deployment. */
  readonly signal: AbortSignal;
  /** Keeps the cloud's state as it is now, when there is a folder to keep it in. */
  save(): void;
}

/**
 * Runs a job in a cloud until it is done or until Ctrl-C; either way no process and no file is left but, with
 * `stateDirectory`, the cloud's state, from which the next one goes on.
 *
 * @param options.directory where the program's `Pulumi.yaml` has to be
 */
export async function withCloud(
  options: { readonly directory: string; readonly stateDirectory?: string | undefined },
  job: (session: CloudSession) => Promise<void>,
): Promise<void> {
  const { directory, stateDirectory } = options;
  if (!existsSync(path.join(directory, "Pulumi.yaml"))) {
    throw new CommandFailure(
      EXIT.cannotRun,
      `there is no Pulumi.yaml in ${directory}: run this where the program is`,
    );
  }
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const file = stateDirectory === undefined ? undefined : await StateFile.open(path.resolve(stateDirectory));
  try {
    const state = (await file?.read()) as CloudState | undefined;
    const cloud = await LaptopCloud.start({ state });
    try {
      await job({ cloud, signal: controller.signal, save: () => file?.write(cloud.state()) });
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    } finally {
      await cloud.stop();
    }
  } finally {
    await file?.close();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
  if (controller.signal.aborted) throw new CommandFailure(EXIT.interrupted, "interrupted");
}
