import { isPattern } from "./access/pattern";
import { asRecord, asRecords, type Fields } from "./fields";
import { describeIssues } from "./issues";
import type { Rotator } from "./rotators/define-rotator";

/**
 * What is wrong with the parts of a configuration that are about rotation, whether or not they fit their schema. The rest
 * is `config.ts`'s.
 */
export function findRotationContradictions(
  untrusted: unknown,
  rotators: readonly Rotator[],
): readonly string[] {
  const config = asRecord(untrusted);
  const configured = asRecord(config.rotators);
  const rotates = asRecords(config.routes).some(({ action }) => action === "rotate");
  const problems: string[] = [];
  if (rotates && asRecords(config.routes).some(({ action }) => action !== "rotate")) {
    problems.push(
      "config.routes: open and rotate belong to two adapters: who gets hold of one must not have both",
    );
  }
  if (rotates && (Object.keys(configured).length === 0 || config.journal === undefined)) {
    problems.push("config: a route that rotates needs rotators and journal");
  }
  const others = ["rotators", "journal", "rotation"].filter((name) => config[name] !== undefined);
  if (!rotates && others.length > 0) {
    problems.push("config: rotators, journal and rotation are for a configuration whose routes rotate");
  }
  for (const id of Object.keys(asRecord(asRecord(config.rotation).expectations))) {
    const [rotator = "", target = ""] = id.split("/");
    if (Object.hasOwn(asRecord(configured[rotator]), target)) continue;
    problems.push(`config.rotation.expectations.${id}: is not configured under config.rotators`);
  }
  return [
    ...problems,
    ...Object.entries(configured).flatMap(([name, targets]) =>
      checkRotator(name, asRecord(targets), rotators),
    ),
    ...checkRules(asRecords(config.access), configured),
  ];
}

function checkRotator(name: string, targets: Fields, rotators: readonly Rotator[]): readonly string[] {
  const rotator = rotators.find((candidate) => candidate.name === name);
  if (rotator === undefined) {
    const known = rotators.map((candidate) => candidate.name).join(", ");
    return [`config.rotators.${name}: is not one of this adapter's rotators (${known})`];
  }
  const owners = new Map<string, string>();
  return Object.entries(targets).flatMap(([target, settings]) => {
    const at = `config.rotators.${name}.${target}`;
    const parsed = rotator.settings.safeParse(settings);
    if (!parsed.success) return describeIssues(parsed.error.issues, at);
    return rotator.identity(settings).flatMap((part) => {
      const other = owners.get(part);
      owners.set(part, target);
      return other === undefined
        ? []
        : [`${at}: is the same as ${other}: two would rotate each other's credentials`];
    });
  });
}

/** A target belongs to one environment, which its rules have to name exactly. */
function checkRules(access: readonly Fields[], rotators: Fields): readonly string[] {
  const owners = new Map<string, unknown>();
  return access.flatMap(({ action, source, environment, names }, index) => {
    if (action !== "rotate" || typeof source !== "string") return [];
    const at = `config.access[${index}]`;
    if (!Object.hasOwn(rotators, source))
      return [`${at}.source: ${source} is not configured under config.rotators`];
    const problems: string[] = [];
    if (typeof environment === "string" && isPattern(environment)) {
      problems.push(`${at}.environment: must be exact: one environment rotates a target`);
    }
    for (const name of Array.isArray(names) ? names : []) {
      const target = `${source}/${name}`;
      if (typeof name === "string" && !Object.hasOwn(asRecord(rotators[source]), name)) {
        problems.push(`${at}.names: ${name} is not configured under config.rotators.${source}`);
      }
      if (owners.has(target) && owners.get(target) !== environment) {
        problems.push(`${at}.names: ${name} is rotated by another environment already`);
      }
      owners.set(target, environment);
    }
    return problems;
  });
}
