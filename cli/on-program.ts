import { existsSync } from "node:fs";
import type { ReadProgramOptions } from "../sandbox/trust/program";
import { CommandFailure, EXIT, orCannotRun } from "./exit";

/**
 * Reads something from the program of this folder, which is brought up for it; Ctrl-C ends that.
 *
 * @throws CommandFailure that says why it cannot run
 */
export async function onProgram<T>(
  read: (options: ReadProgramOptions) => Promise<T>,
  options: Omit<ReadProgramOptions, "directory" | "signal">,
): Promise<T> {
  if (!existsSync("Pulumi.yaml")) {
    throw new CommandFailure(
      EXIT.cannotRun,
      `there is no Pulumi.yaml in ${process.cwd()}: run this where the program is`,
    );
  }
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await orCannotRun(read({ directory: process.cwd(), signal: controller.signal, ...options }));
  } catch (error) {
    if (controller.signal.aborted) throw new CommandFailure(EXIT.interrupted, "interrupted");
    throw error;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}
