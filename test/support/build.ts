import { execFileSync } from "node:child_process";
import path from "node:path";

export const root = path.join(__dirname, "../..");

/** Builds dist where it is out of date, as `npm ci` does: after one, this takes no time. */
export function buildPackage(this: Mocha.Context): void {
  this.timeout(120_000);
  execFileSync(process.execPath, ["tools/prepare.mjs"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
