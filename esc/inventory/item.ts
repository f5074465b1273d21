import type { Form } from "./forms";

/** A value that an item holds, and where the environment shows it. */
interface Value<Stage extends string> {
  /** The member of the item's JSON that it is. An item that is plain text has none. */
  readonly jsonKey?: string;
  /** What it looks like; where stages differ in that, each has its own. */
  readonly form: Form | { readonly byStage: { readonly [S in Stage]?: Form } };
  /** The environment variable that it fills. */
  readonly variable?: string;
  /** The key of Pulumi configuration that it fills: `project:key`. */
  readonly config?: string;
}

/** It fills a variable, a key of configuration, or both. */
export type InventoryValue<Stage extends string = string> = Value<Stage> &
  ({ readonly variable: string } | { readonly config: string });

interface Item<Stage extends string> {
  /** Its key in the environment and, for an entry, the last part of its id. */
  readonly name: string;
  /** What it is, on one line. */
  readonly description: string;
  readonly stages: readonly Stage[];
  readonly values: readonly InventoryValue<Stage>[];
  /** Who answers for it: a team or a role, with how to reach them. */
  readonly owner: string;
  /** What reads it. */
  readonly consumers: readonly string[];
}

/** What nobody but its consumers may know. */
export interface SecretItem<Stage extends string = string> extends Item<Stage> {
  readonly kind: "secret";
  /**
   * Where its value lives: an entry in AWS Secrets Manager (`aws-secrets`), one that only the adapter reads (`external`),
   * an environment of its own that ESC rotates (`rotated`), or ESC itself, encrypted, in an environment that people set
   * (`esc`). Never in a definition that is kept in git.
   */
  readonly livesIn: "aws-secrets" | "external" | "rotated" | "esc";
  /** How one gets a new one. */
  readonly obtain: string;
  /** The age, in days, at which it is overdue for a new one. */
  readonly rotateWithinDays: number | "never";
  /** Whether stages may have the same one. @default false */
  readonly sameInStages?: boolean;
  /**
   * No environment reads it any more, and it stays where it is: the revision that consumers have (`@live`) still
   * reads it. Remove the line once a revision without it has been promoted. @default false
   */
  readonly retired?: boolean;
}

/** What anybody may know. */
export interface SettingItem<Stage extends string = string> extends Item<Stage> {
  readonly kind: "setting";
  /** Where its value comes from: the definition of the environment, or the output of a Pulumi stack. */
  readonly livesIn: "esc" | "stacks";
  /** Where it is changed. */
  readonly obtain?: string;
}

/** A secret or setting of a project, declared once: everything else follows from it. */
export type InventoryItem<Stage extends string = string> = SecretItem<Stage> | SettingItem<Stage>;

/** The files that are generated, each by its path from the file that the inventory is in. None that is not named. */
export interface GeneratedFiles {
  /** The page for people, Markdown. */
  readonly page?: string;
  /** The JSON Schema of each stage's variables. */
  readonly schema?: string;
  /** `.env.example` */
  readonly dotenv?: string;
  /** Types and loader for applications in TypeScript. */
  readonly typescript?: string;
  /** The loader in Python. */
  readonly python?: string;
  /** The loader for POSIX shells. */
  readonly shell?: string;
}

/** What a project needs to know, all of it. */
export interface Inventory<Stage extends string = string> {
  /** What it is called on the page. */
  readonly title: string;
  readonly stages: readonly Stage[];
  readonly items: readonly InventoryItem<Stage>[];
  readonly generates: GeneratedFiles;
}
