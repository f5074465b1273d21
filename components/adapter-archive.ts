import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { bundleAdapter } from "../lambda/bundle";

/** The bundle's files, by their names in the function's folder. */
export type BundleAssets = Record<string, pulumi.asset.Asset>;

/** What lies in the deployed function's folder: the bundle, and `config.json` beside it. */
export function adapterArchive(bundle: BundleAssets, config: string): pulumi.asset.Archive {
  // As text, so that a preview shows which rule changes.
  return new pulumi.asset.AssetArchive({ ...bundle, "config.json": new pulumi.asset.StringAsset(config) });
}

/**
 * Bundles the adapter, or an adopter's `entry` around it.
 *
 * As files, for Pulumi keeps the text of text assets in the state and prints it in diffs: half a megabyte of
 * minified code. The engine compares by content, so the folder's name changes nothing.
 *
 * @throws ResourceError when `entry` cannot be bundled.
 */
export async function bundleAssets(
  entry: string | undefined,
  resource: pulumi.Resource,
): Promise<BundleAssets> {
  const bundle = await bundleAdapter({ entry }).catch((error: Error) => {
    throw new pulumi.ResourceError(`entry: cannot be bundled: ${error.message}`, resource, true);
  });
  const folder = path.join(temporaryFolder(), bundle.sha256);
  mkdirSync(folder, { recursive: true });
  return Object.fromEntries(
    Object.entries(bundle.files).map(([name, contents]) => {
      const file = path.join(folder, name);
      writeFileSync(file, contents);
      return [name, new pulumi.asset.FileAsset(file)];
    }),
  );
}

let temporary: string | undefined;

/** This process's own, so that nobody else can put code into it; Pulumi has read it when the process ends. */
function temporaryFolder(): string {
  if (temporary === undefined) {
    const folder = mkdtempSync(path.join(tmpdir(), "escapement-adapter-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    temporary = folder;
  }
  return temporary;
}
