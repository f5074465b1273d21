import { formatEnvironmentName } from "../environment-name";
import { type EnvironmentName, type EscClient, EscClientError } from "../esc-client";
import { definitionContainer, formatPath, parsePath, staticSecrets, writeValues } from "./definition";
import { type Source, SourceError, type Target, TargetError } from "./item";
import { literally } from "./references";

/**
 * An ESC environment, written as one new revision. Where nobody says, variables go to `environmentVariables` and
 * `project:key` to `pulumiConfig`.
 */
export function environmentTarget(client: EscClient, environment: EnvironmentName): Target {
  const name = formatEnvironmentName(environment);
  return {
    parse: (text) => ({ container: name, slot: formatPath(parsePath(text)) }),
    place(found) {
      const block = found.includes(":") ? "pulumiConfig" : "environmentVariables";
      return { container: name, slot: formatPath([block, found]) };
    },
    format: ({ slot }) => `${name} ${slot}`,
    async read() {
      try {
        return definitionContainer((await client.definition(environment, { decrypt: true })).yaml);
      } catch (error) {
        if (!(error instanceof EscClientError)) throw error;
        const remedy = error.status === 404 ? `: make it with pulumi env init ${name}` : "";
        return { problem: `${name} cannot be read: ${error.message}${remedy}` };
      }
    },
    async write(_container, items) {
      try {
        // What others have encrypted there goes back as it came.
        const { yaml, etag } = await client.definition(environment);
        await client.update(environment, writeValues(yaml, items), etag);
      } catch (error) {
        if (!(error instanceof EscClientError)) throw error;
        throw new TargetError([error.message, ...error.findings].join("; "));
      }
    },
  };
}

/**
 * The secrets that stand in an environment's definition. What it opens from elsewhere is no value of its own and is left.
 *
 * @throws SourceError
 */
export async function readEnvironment(client: EscClient, environment: EnvironmentName): Promise<Source> {
  const name = formatEnvironmentName(environment);
  const { yaml } = await client.definition(environment, { decrypt: true }).catch((error: unknown) => {
    throw error instanceof EscClientError ? new SourceError(`${name}: ${error.message}`) : error;
  });
  const found = staticSecrets(yaml).map(({ path, value }) => {
    const inBlock = path.length === 2 && ["environmentVariables", "pulumiConfig"].includes(String(path[0]));
    const slot = formatPath(path);
    return {
      name: inBlock ? String(path[1]) : slot,
      value,
      secret: true,
      from: `${name} ${slot}`,
      remove: `delete ${slot} from the definition: pulumi env edit ${name}`,
    };
  });
  const imported = `${environment.project}/${environment.name}`;
  const pattern = new RegExp(`(?<![\\w.-])${literally(imported)}(?![\\w.-])`);
  return { found, left: [], traces: [{ pattern, what: `names the environment ${imported}` }] };
}
