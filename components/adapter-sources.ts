import * as pulumi from "@pulumi/pulumi";
import { loadEntrySources } from "../lambda/entry-sources";
import { describeIssues } from "../lambda/issues";
import type { Source } from "../lambda/sources/define-source";
import { builtInSources } from "../lambda/sources/index";
import { readSecretStatements, type SourceStatement } from "../lambda/sources/statements";
import type { PolicyStatement } from "../trust/index";
import { type AdapterConfigArgs, sourceSettingsOf } from "./adapter-config";
import { northflankRequests, SECRETS_MANAGER } from "./adapter-northflank";
import { type ArgumentIssue, refuse } from "./args";
import { decryptEntries } from "./entry-permissions";

/** Where the function's own table is, hence also what it reads, and the key of entries that have one. */
interface Where {
  readonly tableArn: string;
  readonly kmsKeyArn?: string | undefined;
}

/**
 * What the role has to be able to do for its sources: the statements of each source that a rule or a setting names. Those
 * of an adopter's own come from the `entry`, which is loaded here for that.
 *
 * @throws ResourceError when the `entry` cannot be loaded, something names a source that there is not, or settings or a
 *   request of Northflank's rules do not fit their source.
 */
export function readingStatements(
  args: AdapterConfigArgs & { readonly entry?: string },
  where: pulumi.Output<Where>,
  parent: pulumi.Resource,
): pulumi.Output<PolicyStatement[]> {
  // A promise is never unknown, so an entry that fails fails even the first preview of an empty account.
  const loaded = loadSources(args.entry, parent).then(({ sources, complete }) => {
    refuse([...(complete ? checkNames(args, sources) : []), ...checkRequests(args, sources)], parent);
    // Behind a function, for an output walks through all that it holds, and schemas go round in circles.
    return () => sources;
  });
  const names = args.rules.map(({ entries }) => pulumi.all(entries.map(({ arn, name }) => arn ?? name)));
  return pulumi
    .all([where, loaded, sourceSettingsOf(args), pulumi.all(names)])
    .apply(([{ tableArn, kmsKeyArn }, sourcesOf, settings, names]) => {
      const sources = sourcesOf();
      const [, partition = "", , region = "", account = ""] = tableArn.split(":");
      const place = { partition, region, account };
      const asked = askedNames(args, names, sources);
      refuse(checkSettings(settings, sources), parent);
      const statements = sources
        .filter(({ name }) => Object.hasOwn(settings, name))
        .flatMap((source) =>
          source
            .statements(settings[source.name], { ...place, names: asked.get(source.name) ?? [] })
            .map((statement, index) => ({ id: `${pascalCase(source.name)}${index + 1}`, ...statement })),
        );
      if (args.northflank !== undefined) {
        const ids = { exact: "ReadSharedSecret", pattern: "ReadSharedSecret" };
        statements.push(
          ...readSecretStatements(place, [args.northflank.sharedSecret], ids).map((each) => ({
            id: ids.exact,
            ...each,
          })),
        );
      }
      const reads = statements.some(({ actions }) => actions.includes("secretsmanager:GetSecretValue"));
      return [...statements.map(policyStatement), ...(reads ? decryptEntries(kmsKeyArn) : [])];
    });
}

/** Those that the function will have; not `complete` where an entry is a whole handler, which has others. */
async function loadSources(
  entry: string | undefined,
  parent: pulumi.Resource,
): Promise<{ readonly sources: readonly Source[]; readonly complete: boolean }> {
  if (entry === undefined) return { sources: builtInSources, complete: true };
  const own = await loadEntrySources(entry).catch((error: Error) => {
    throw new pulumi.ResourceError(`entry: cannot be bundled: ${error.message}`, parent, true);
  });
  return { sources: [...builtInSources, ...(own ?? [])], complete: own !== undefined };
}

/** What rules let somebody ask, by source. */
function askedNames(
  args: AdapterConfigArgs,
  names: readonly (readonly string[])[],
  sources: readonly Source[],
): ReadonlyMap<string, readonly string[]> {
  const asked = new Map<string, string[]>();
  const add = (source: string, more: readonly string[]) =>
    asked.set(source, [...(asked.get(source) ?? []), ...more]);
  args.rules.forEach(({ source = SECRETS_MANAGER }, index) => {
    add(source, names[index] ?? []);
  });
  for (const { source, request } of northflankRequests(args.northflank)) {
    add(source, sources.find(({ name }) => name === source)?.names(request) ?? []);
  }
  return asked;
}

function checkNames(args: AdapterConfigArgs, sources: readonly Source[]): ArgumentIssue[] {
  const known = sources.map(({ name }) => name);
  const named = [
    ...args.rules.map(({ source = SECRETS_MANAGER }, index) => ({ source, path: `rules[${index}].source` })),
    ...northflankRequests(args.northflank).map(({ source, path }) => ({
      source,
      path: path.replace(/request$/, "source"),
    })),
  ];
  return named
    .filter(({ source }) => !known.includes(source))
    .map(({ source, path }) => ({ path, reason: `"${source}" is none of ${known.join(", ")}` }));
}

function checkSettings(settings: Record<string, unknown>, sources: readonly Source[]): ArgumentIssue[] {
  return sources
    .filter(({ name }) => Object.hasOwn(settings, name))
    .flatMap((source) => {
      const parsed = source.settings.safeParse(settings[source.name]);
      return parsed.success ? [] : describeIssues(parsed.error.issues, `sourceSettings.${source.name}`);
    })
    .map((line) => {
      const [path = "", ...reason] = line.split(": ");
      return { path, reason: reason.join(": ") };
    });
}

function checkRequests(args: AdapterConfigArgs, sources: readonly Source[]): ArgumentIssue[] {
  return northflankRequests(args.northflank).flatMap(({ source, request, path }) => {
    const definition = sources.find(({ name }) => name === source);
    // An entry that is a whole handler keeps its sources to itself.
    if (definition === undefined) return [];
    try {
      definition.names(request);
      return [];
    } catch (error) {
      return [{ path, reason: error instanceof Error ? error.message : String(error) }];
    }
  });
}

function policyStatement({ id, actions, resources, conditions }: SourceStatement): PolicyStatement {
  return {
    Sid: id,
    Effect: "Allow",
    Action: one(actions),
    Resource: [...resources],
    ...(conditions && { Condition: conditions as PolicyStatement["Condition"] }),
  };
}

const one = (values: readonly string[]) => (values.length === 1 ? (values[0] as string) : [...values]);

const pascalCase = (name: string) =>
  name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, first: string) => first.toUpperCase());
