import * as z from "zod";
import { namedForms } from "./forms";
import type { Inventory } from "./item";

const line = z.string().regex(/^[^\s](?:.*[^\s])?$/, "must be text on one line, without blanks around it");

const form = z.union(
  [
    z.enum(Object.keys(namedForms)),
    z.strictObject({ enum: z.array(line).min(1) }),
    z.strictObject({ pattern: z.string(), description: line, example: z.string() }),
    z.strictObject({
      json: z.union([z.boolean(), z.record(z.string(), z.unknown())]),
      description: line,
    }),
  ],
  "is not a form: a name, { enum }, { pattern, description, example } or { json, description }",
);

const value = z.strictObject({
  jsonKey: z.optional(line),
  form: z.union(
    [form, z.strictObject({ byStage: z.record(z.string(), form) })],
    "is not a form: a name, { enum }, { pattern, description, example }, { json, description }, or { byStage }",
  ),
  variable: z.optional(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name for a variable")),
  config: z.optional(z.string().regex(/^[^:\s]+:[^:\s]+$/, "must be written project:key")),
});

const common = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, "must be 1 to 100 of letters, digits and _ . -"),
  description: line,
  stages: z.array(z.string()).min(1),
  values: z.array(value).min(1),
  owner: line,
  consumers: z.array(line).min(1),
};

const item = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      ...common,
      kind: z.literal("secret"),
      livesIn: z.enum(["aws-secrets", "external", "rotated", "esc"]),
      obtain: line,
      rotateWithinDays: z.union([z.int().positive(), z.literal("never")], 'must be whole days or "never"'),
      sameInStages: z.optional(z.boolean()),
      retired: z.optional(z.boolean()),
    }),
    z.strictObject({
      ...common,
      kind: z.literal("setting"),
      livesIn: z.enum(["esc", "stacks"]),
      obtain: z.optional(line),
    }),
  ],
  'must be "secret" or "setting"',
);

const path = z.optional(line);

const inventory = z.strictObject({
  title: line,
  stages: z.array(z.string().regex(/^[A-Za-z0-9_.-]+$/, "is no name for an environment")).min(1),
  items: z.array(item),
  generates: z.strictObject({
    page: path,
    schema: path,
    dotenv: path,
    typescript: path,
    python: path,
    shell: path,
  }),
});

/** What is wrong with the shape of an inventory, each with its place; what is unknown is refused. */
export function findShapeProblems(declared: unknown): readonly string[] {
  const parsed = inventory.safeParse(declared);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => `${placeOf(declared, path)}: ${message}`);
}

/** `items[3] (database).values[0].form`: the name is there for people. */
function placeOf(declared: unknown, path: readonly PropertyKey[]): string {
  const steps = path.map((step, index) => {
    if (typeof step !== "number") return `${index === 0 ? "" : "."}${String(step)}`;
    const name = index === 1 ? (declared as Inventory).items?.[step]?.name : undefined;
    return `[${step}]${typeof name === "string" ? ` (${name})` : ""}`;
  });
  return steps.join("") || "the inventory";
}
