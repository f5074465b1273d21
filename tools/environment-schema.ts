// Writes esc/environment.schema.json, the JSON Schema of environment files for editors. A test compares it.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { editorSchema } from "../esc/lint/editor-schema";

const root = path.join(__dirname, "..");
const target = path.join(root, "esc", "environment.schema.json");

writeFileSync(target, `${JSON.stringify(editorSchema(), null, 2)}\n`);
execFileSync(path.join(root, "node_modules", ".bin", "biome"), ["format", "--write", target], {
  cwd: root,
  stdio: "inherit",
});
