import { interpolate } from "../definition/index";
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
    .environmentVariables(({ urls, ports }) => ({
      API_URL: urls.api,
      PORT: ports.api,
      DATABASE_URL: urls.database,
      // Signs nothing but local sessions; it says so, and no stage with users has it.
      JWT_SECRET: "local-development-only",
    }))
    .pulumiConfig(({ aws }) => ({ "aws:region": aws.region }));
}
