// Builds direnv from Go's module proxy, at the version in tools/direnv/go.mod, where the machine has none; prints where it
// is. The tests of `use escapement` run it for real. Takes about three seconds, once.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, "build", "direnv", process.platform === "win32" ? "direnv.exe" : "direnv");

if (!existsSync(target)) {
  const args = ["build", "-mod=readonly", "-o", target, "github.com/direnv/direnv/v2"];
  const { error, status, stderr } = spawnSync("go", args, {
    cwd: join(root, "tools", "direnv"),
    encoding: "utf8",
  });
  if (error || status !== 0) {
    const why = error ? `go cannot be run (${error.code})` : stderr.trim().split("\n").at(-1);
    console.error(`direnv could not be built: ${why}. Install it (https://direnv.net) or Go 1.25.8 or newer`);
    process.exit(1);
  }
}
console.log(target);
