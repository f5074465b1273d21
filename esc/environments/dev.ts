import { type Expression, interpolate } from "../definition/index";
import { inventory } from "../inventory";
import { type Blocks, fillBlocks } from "../inventory/blocks";
import { basedOn } from "./base";

export interface DevOptions {
  /** The ESC project that holds all environments of this project. */
  readonly project: string;
}

/**
 * For a laptop: what a stage gives, without a cloud. The database is one on the same machine, where PostgreSQL
 * trusts local connections, so there is no password to keep.
 */
export function dev({ project }: DevOptions) {
  return basedOn(project, "Local development: no cloud, no secrets")
    .value("stage", "dev")
    .value("urls", ({ ports }) => ({
      api: interpolate`http://localhost:${ports.api}`,
      database: interpolate`postgresql://localhost:${ports.database}/${project}`,
    }))
    .environmentVariables((values) => blocks(values).environmentVariables)
    .pulumiConfig((values) => blocks(values).pulumiConfig);
}

function blocks({ urls, ports, aws }: Known): Blocks {
  return fillBlocks(inventory, "dev", {
    settings: {
      "api-url": urls.api,
      port: ports.api,
      "local-database": urls.database,
      // Signs nothing but local sessions; it says so, and no stage with users has it.
      "local-jwt": "local-development-only",
      region: aws.region,
    },
    find: () => undefined,
  });
}

/** What the blocks are filled from. */
interface Known {
  readonly urls: { readonly api: Expression<string>; readonly database: Expression<string> };
  readonly ports: { readonly api: Expression<number> };
  readonly aws: { readonly region: Expression<string> };
}
