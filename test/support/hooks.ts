/// <reference types="mocha" />
import path from "node:path";
import { listen, untakenRejections } from "./rejections";

// As the sandbox has it: the adapter is bundled once for all tests but those of bundling itself.
process.env.ESCAPEMENT_BUNDLE_CACHE = path.join(__dirname, "../../node_modules/.cache/escapement/bundles");

// As the commands have it: cli/main.ts.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

/*
 * A throw inside `apply`, or any promise nobody awaits, does not fail a mocha test: mocha swallows the
 * rejection and exits 0. These hooks fail the test that caused one. The failure aborts the rest of that suite;
 * its remaining tests count as neither passed nor failed.
 */

/** Node reports an unhandled rejection one turn after it happened, so two turns are enough to see it. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

async function failOnRejection(where: string): Promise<void> {
  await settle();
  const [cause] = untakenRejections();
  if (cause !== undefined) {
    throw new Error(`unhandled rejection in ${where}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

export const mochaHooks: Mocha.RootHookObject = {
  beforeAll: listen,
  async afterEach(this: Mocha.Context) {
    await failOnRejection(`"${this.currentTest?.fullTitle() ?? "a test"}"`);
  },
  async afterAll() {
    await failOnRejection("the end of the run");
  },
};
