import { join } from "node:path";
import { LaptopCloud } from "../sandbox/cloud";
import type { Operation } from "../sandbox/engine";

const directory = join(__dirname, "..");

/** Preview and up of each stack, one after another, so that no run slows another down. */
export async function benchSandbox(): Promise<void> {
  const cloud = await LaptopCloud.start();
  for (const stack of ["base", "dev", "staging", "prod"]) {
    for (const operation of ["preview", "up"] satisfies Operation[]) {
      const deployment = await cloud.deploy({ directory, stack, operation });
      if (!deployment.ok) throw new Error(deployment.failure?.message);
      console.log(`${stack.padEnd(8)} ${operation.padEnd(8)} ${(deployment.durationMs / 1000).toFixed(2)} s`);
    }
  }
}
