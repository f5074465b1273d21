import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import * as z from "zod";
import { RULES, type Suppression } from "../../trust";

const ids = Object.keys(RULES) as [Suppression["rule"], ...Suppression["rule"][]];

const schema = z.strictObject({
  suppressions: z.array(
    z.strictObject({
      rule: z.enum(ids),
      on: z.string().min(1),
      // A reason that is one word is none.
      reason: z.string().min(20, "must say why, in a sentence"),
    }),
  ),
});

/**
 * Reads the findings that a team has accepted.
 *
 * @throws Error naming the file and what in it is wrong
 */
export async function readSuppressions(file: string): Promise<Suppression[]> {
  const parsed = schema.safeParse(parse(await readFile(file, "utf8")));
  if (parsed.success) return parsed.data.suppressions;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(`${file}: ${problems.join("; ")}`);
}
