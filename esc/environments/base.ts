import { environment } from "../definition/index.js";

export interface BaseOptions {
  /** The domain under which every stage publishes. */
  readonly domain: string;
  /** The AWS region in which stages live unless they say otherwise. */
  readonly region: string;
}

/** Constants that every stage imports: domain, regions, ports. Nothing secret, nothing that has to be opened. */
export function base({ domain, region }: BaseOptions) {
  return environment({ description: "Constants that every stage shares" })
    .value("domain", domain)
    .value("regions", { primary: region })
    .value("aws", ({ regions }) => ({ region: regions.primary }))
    .value("ports", { api: 8080, database: 5432 });
}
