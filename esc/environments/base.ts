import { DefinitionError, environment } from "../definition/index";

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

/**
 * Begins an environment that imports `<project>/base`. It takes the names that base declares, not their values:
 * those are the base stack's to configure.
 *
 * @throws {DefinitionError} ERR_DEFINITION_INPUT for the project `default`, whose environments ESC names
 * without their project, also in the token that a cloud's trust policy compares.
 */
export function basedOn(project: string, description: string) {
  if (project === "default") {
    throw new DefinitionError(
      "ERR_DEFINITION_INPUT",
      "environments must not live in ESC's legacy project default: its tokens do not name the project",
    );
  }
  return environment({ description }).import(`${project}/base`, base({ domain: "", region: "" }));
}
