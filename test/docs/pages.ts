import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

export const root = path.join(__dirname, "../..");

/** Every page for people, by its path from the root. */
export const pages = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => /^(README|CONTRIBUTING)\.md$|^docs\/|^examples\/|^sandbox\//.test(file));

export function readPage(page: string): string {
  return readFileSync(path.join(root, page), "utf8");
}

/** A command as a page has it. */
export interface Documented {
  readonly page: string;
  /** From 1. */
  readonly line: number;
  /** Without its comment; lines that continue are one. */
  readonly command: string;
  /** The page says that it needs a real account. */
  readonly needsAccount: boolean;
}

/** The commands in blocks of `sh`. A block that needs a real account begins with ```sh account. */
export function commandsIn(page: string): readonly Documented[] {
  const found: Documented[] = [];
  let block: { readonly shell: boolean; readonly needsAccount: boolean } | undefined;
  let begun: { readonly line: number; readonly text: string } | undefined;
  for (const [index, raw] of readPage(page).split("\n").entries()) {
    const [, language, info = ""] = /^\s*```(\S*)(.*)$/.exec(raw) ?? [];
    if (language !== undefined) {
      const shell = ["sh", "bash", "shell", "console"].includes(language);
      block = block === undefined ? { shell, needsAccount: info.trim() === "account" } : undefined;
      continue;
    }
    const text = raw.trim().replace(/(?:^|\s+)#\s.*$/, "");
    if (!block?.shell || text === "") continue;
    const { line, text: before } = begun ?? { line: index + 1, text: "" };
    const command = `${before} ${text}`.trim();
    begun = command.endsWith("\\") ? { line, text: command.slice(0, -1).trim() } : undefined;
    if (begun === undefined) found.push({ page, line, command, needsAccount: block.needsAccount });
  }
  return found;
}
