import { defineInventory } from "./inventory/define";
import type { InventoryItem } from "./inventory/item";
import { selectItems } from "./inventory/select";

export type { InventoryItem };

/** Stages in which this project runs. Only `dev` has no cloud. */
export type Stage = "dev" | "staging" | "prod";

/** This project's secrets and settings. After a change: `npm run inventory`. */
export const inventory = defineInventory({
  title: "Secrets and settings",
  stages: ["dev", "staging", "prod"],
  items: [
    {
      name: "ecs-cluster",
      description: "Cluster that the application runs in",
      kind: "setting",
      livesIn: "stacks",
      stages: ["staging", "prod"],
      values: [{ form: "text", variable: "ECS_CLUSTER" }],
      owner: "platform team",
      consumers: ["deployment"],
    },
    {
      name: "ecr-repository",
      description: "Where the application's images are pushed",
      kind: "setting",
      livesIn: "stacks",
      stages: ["staging", "prod"],
      values: [{ form: "text", variable: "ECR_REPOSITORY_URL" }],
      owner: "platform team",
      consumers: ["deployment"],
    },
    {
      name: "ecs-service",
      description: "Service that is deployed anew",
      kind: "setting",
      livesIn: "stacks",
      stages: ["staging", "prod"],
      values: [{ form: "text", variable: "ECS_SERVICE" }],
      owner: "platform team",
      consumers: ["deployment"],
    },
    {
      name: "database",
      description: "Connection to the application's PostgreSQL database",
      kind: "secret",
      livesIn: "aws-secrets",
      stages: ["staging", "prod"],
      values: [{ jsonKey: "url", form: "postgres-url", variable: "DATABASE_URL" }],
      owner: "platform team",
      obtain:
        "Set a new password for the login `app` in the database, and put the URL with it into the entry",
      rotateWithinDays: 90,
      consumers: ["API"],
    },
    {
      name: "jwt",
      description: "Key with which the application signs its own sessions",
      kind: "secret",
      livesIn: "aws-secrets",
      stages: ["staging", "prod"],
      values: [{ jsonKey: "secret", form: "random-key", variable: "JWT_SECRET" }],
      owner: "application team",
      obtain: "`openssl rand -base64 36`; everybody has to log in anew",
      rotateWithinDays: 180,
      consumers: ["API"],
    },
    {
      name: "partner",
      description: "Key for the partner's API, which only the adapter reads",
      kind: "secret",
      livesIn: "external",
      stages: ["staging", "prod"],
      values: [{ jsonKey: "apiKey", form: "random-key", variable: "PARTNER_API_KEY" }],
      owner: "application team",
      obtain: "The partner's console shows it once when it is made; it takes two at a time",
      rotateWithinDays: 365,
      consumers: ["API"],
    },
    {
      name: "api-url",
      description: "Public address of the API",
      kind: "setting",
      livesIn: "esc",
      stages: ["dev", "staging", "prod"],
      values: [
        {
          form: {
            byStage: {
              dev: "url",
              staging: {
                pattern: "https://api-staging[.][^\\s/]+",
                description: "staging's address, `https://api-staging.…`",
                example: "https://api-staging.shop.example",
              },
              prod: {
                pattern: "https://api[.][^\\s/]+",
                description: "prod's address, `https://api.…`",
                example: "https://api.shop.example",
              },
            },
          },
          variable: "API_URL",
        },
      ],
      owner: "platform team",
      consumers: ["API", "web application"],
    },
    {
      name: "port",
      description: "Port on which the API listens on a laptop",
      kind: "setting",
      livesIn: "esc",
      stages: ["dev"],
      values: [{ form: "port", variable: "PORT" }],
      owner: "application team",
      consumers: ["API"],
    },
    {
      name: "local-database",
      description: "Connection to the database on the same laptop, which trusts local connections",
      kind: "setting",
      livesIn: "esc",
      stages: ["dev"],
      values: [
        {
          form: {
            pattern: "postgresql://localhost:[0-9]+/[a-z0-9_-]+",
            description: "`postgresql://localhost:port/database`",
            example: "postgresql://localhost:5432/app",
          },
          variable: "DATABASE_URL",
        },
      ],
      owner: "application team",
      consumers: ["API"],
    },
    {
      name: "local-jwt",
      description: "Stands where a stage has the key for sessions; known to everyone",
      kind: "setting",
      livesIn: "esc",
      stages: ["dev"],
      values: [{ form: { enum: ["local-development-only"] }, variable: "JWT_SECRET" }],
      owner: "application team",
      consumers: ["API"],
    },
    {
      name: "region",
      description: "AWS region in which the stage lives",
      kind: "setting",
      livesIn: "esc",
      stages: ["dev", "staging", "prod"],
      values: [{ form: "aws-region", config: "aws:region" }],
      owner: "platform team",
      consumers: ["Pulumi programs"],
    },
  ],
  generates: {
    page: "../docs/secrets.md",
    schema: "generated/variables.schema.json",
    dotenv: "../.env.example",
    typescript: "generated/settings.ts",
  },
});

/** The items of one stage, all of them or those that live in one place. */
export function itemsOf(stage: Stage, livesIn?: InventoryItem["livesIn"]): readonly InventoryItem[] {
  return selectItems(inventory, stage, livesIn);
}
