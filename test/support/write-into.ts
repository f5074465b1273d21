import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Writes a file of a folder, with the folders on the way to it. Answers where it is. */
export function writeInto(folder: string, name: string, text: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
