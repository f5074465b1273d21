import { benchAdapter } from "./adapter";
import { benchEvaluator } from "./evaluator";
import { benchSandbox } from "./sandbox";
import { benchSources } from "./sources";
import { benchTrust } from "./trust";

/** `npm run bench [name…]`: figures as ratios, each pair measured in one run. Nothing here passes or fails. */
const benches: Record<string, () => Promise<void>> = {
  evaluator: benchEvaluator,
  trust: benchTrust,
  adapter: benchAdapter,
  sources: benchSources,
  sandbox: benchSandbox,
};

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    throw new Error(`no bench is called ${unknown.join(", ")}: use ${Object.keys(benches).join(", ")}`);
  }
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.log(`\n── ${name}`);
    await bench();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
