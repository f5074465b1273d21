/**
 * Rejections that nobody handled. Pulumi reports a resource that could not be registered this way, and so does a
 * forgotten `await`; mocha would swallow both.
 */
const rejections: unknown[] = [];
const waiting: (() => void)[] = [];

function note(reason: unknown): void {
  rejections.push(reason);
  for (const wake of waiting.splice(0)) wake();
}

/** From here on. Mocha's workers drop every listener between two files. */
export function listen(): void {
  if (!process.listeners("unhandledRejection").includes(note)) process.on("unhandledRejection", note);
}

/** All that were not taken, and forgets them. */
export function untakenRejections(): unknown[] {
  return rejections.splice(0);
}

/**
 * The rejection that the test is about, once it comes; the test's own time-out ends a wait in vain. Pulumi rejects
 * several promises for one cause: those are taken with it. A program that failed so is never done registering.
 */
export async function programFailure(): Promise<Error> {
  while (rejections.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  // It leaves promises behind that never settle; Pulumi would fail the whole run for them when it exits.
  const debuggable: object = await import("@pulumi/pulumi/runtime/debuggable.js");
  (debuggable as { leakedPromises(): unknown }).leakedPromises();
  return untakenRejections()[0] as Error;
}
