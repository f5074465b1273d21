/** Stages in which this project runs. Only `dev` has no cloud. */
export type Stage = "dev" | "staging" | "prod";

/** A variable that an item fills. */
export interface InventoryVariable {
  readonly name: string;
  /** The member of the item's JSON that the variable takes. An item that is plain text has none. */
  readonly jsonKey?: string;
}

/** A secret or setting of this project, declared once: environments and entries follow from it. */
export interface InventoryItem {
  /** Its key in the environment and, for an entry, the last part of its id. */
  readonly name: string;
  readonly description: string;
  readonly kind: "secret" | "setting";
  /**
   * Where its value lives: an entry in AWS Secrets Manager, a system that the adapter asks, or the environment
   * itself. A secret never lives in the environment.
   */
  readonly livesIn: "aws-secrets" | "external" | "esc";
  readonly stages: readonly Stage[];
  readonly variables: readonly InventoryVariable[];
  /**
   * No environment reads it any more, and it stays where it is: the revision that consumers have (`@live`) still
   * reads it. Remove the line once a revision without it has been promoted. @default false
   */
  readonly retired?: boolean;
}

/** This project's secrets and settings. */
export const inventory: readonly InventoryItem[] = [
  {
    name: "database",
    description: "Connection to the application's PostgreSQL database",
    kind: "secret",
    livesIn: "aws-secrets",
    stages: ["staging", "prod"],
    variables: [{ name: "DATABASE_URL", jsonKey: "url" }],
  },
  {
    name: "jwt",
    description: "Key with which the application signs its own sessions",
    kind: "secret",
    livesIn: "aws-secrets",
    stages: ["staging", "prod"],
    variables: [{ name: "JWT_SECRET", jsonKey: "secret" }],
  },
  {
    name: "partner",
    description: "Key for the partner's API, which only the adapter reads",
    kind: "secret",
    livesIn: "external",
    stages: ["staging", "prod"],
    variables: [{ name: "PARTNER_API_KEY", jsonKey: "apiKey" }],
  },
  {
    name: "api-url",
    description: "Public address of the API",
    kind: "setting",
    livesIn: "esc",
    stages: ["dev", "staging", "prod"],
    variables: [{ name: "API_URL" }],
  },
  {
    name: "port",
    description: "Port on which the API listens on a laptop",
    kind: "setting",
    livesIn: "esc",
    stages: ["dev"],
    variables: [{ name: "PORT" }],
  },
  {
    name: "local-database",
    description: "Connection to the database on the same laptop, which trusts local connections",
    kind: "setting",
    livesIn: "esc",
    stages: ["dev"],
    variables: [{ name: "DATABASE_URL" }],
  },
  {
    name: "local-jwt",
    description: "Stands where a stage has the key for sessions; known to everyone",
    kind: "setting",
    livesIn: "esc",
    stages: ["dev"],
    variables: [{ name: "JWT_SECRET" }],
  },
];

/** The items of one stage, all of them or those that live in one place. */
export function itemsOf(stage: Stage, livesIn?: InventoryItem["livesIn"]): readonly InventoryItem[] {
  return inventory.filter(
    (item) => item.stages.includes(stage) && (livesIn === undefined || item.livesIn === livesIn),
  );
}
