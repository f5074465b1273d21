import { posix } from "node:path";
import type { GeneratedFiles, Inventory } from "../item";
import { renderDotenv } from "./dotenv";
import { renderJsonSchema } from "./json-schema";
import { renderPage } from "./page";
import { renderPython } from "./python";
import { renderShell } from "./shell";
import { renderTypeScript } from "./typescript";

const renderers = {
  page: renderPage,
  schema: renderJsonSchema,
  dotenv: renderDotenv,
  typescript: renderTypeScript,
  python: renderPython,
  shell: renderShell,
} as const satisfies { readonly [Kind in keyof GeneratedFiles]-?: unknown };

/** A file that follows from an inventory. */
export interface GeneratedFile {
  readonly kind: keyof GeneratedFiles;
  /** From the file that the inventory is in. */
  readonly path: string;
  readonly text: string;
}

/**
 * Every file that the inventory says is generated from it. The same inventory gives the same text, wherever and whenever.
 *
 * @param file the file that the inventory is in, with its folder (`esc/inventory.ts`): the others say that they are made
 * from it
 */
export function generateFiles(inventory: Inventory, file: string): readonly GeneratedFile[] {
  return Object.entries(renderers).flatMap(([kind, render]) => {
    const path = inventory.generates[kind as keyof GeneratedFiles];
    if (path === undefined) return [];
    const here = posix.join("/root", posix.dirname(file), path);
    const source = posix.relative(posix.dirname(here), posix.join("/root", file));
    return [{ kind: kind as keyof GeneratedFiles, path, text: render(inventory, { source }) }];
  });
}
