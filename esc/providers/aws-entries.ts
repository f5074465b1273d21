import { type Secret, secret } from "../evaluator/index";
import { describeAwsError } from "./aws-session";

/**
 * Reads what a `get` names, under the names that it gives; every value is secret. One entry that cannot be read
 * fails the whole call, as with ESC; each is named with AWS's code and message, so that one round of mending is
 * enough.
 */
export async function readEntries<Wanted>(
  get: Readonly<Record<string, Wanted>>,
  read: (wanted: Wanted) => Promise<unknown>,
): Promise<Record<string, Secret>> {
  const entries = Object.entries(get);
  const results = await Promise.allSettled(entries.map(([, wanted]) => read(wanted)));
  const failures: string[] = [];
  const values: [string, Secret][] = [];
  for (const [index, [name]] of entries.entries()) {
    const result = results[index];
    if (result?.status === "fulfilled") values.push([name, secret(result.value)]);
    else failures.push(`get.${name}: ${describeAwsError(result?.reason)}`);
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));
  return Object.fromEntries(values);
}
