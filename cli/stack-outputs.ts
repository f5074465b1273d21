import { readFile } from "node:fs/promises";
import { text as readStream } from "node:stream/consumers";
import { definitionDrift, formatDrift } from "../esc/drift";
import type { VerifyLine } from "../esc/inventory/verify/line";
import { isMap } from "../esc/is-map";
import { CommandFailure, EXIT } from "./exit";
import type { OpenedTarget } from "./verify";

/** Environment, as `organization/project/name`, to the definition that the program gives it. */
export type ProgramDefinitions = ReadonlyMap<string, string>;

/**
 * The definitions among a stack's outputs: what `pulumi stack output --json` prints, or the JSON of an `up` in the
 * sandbox.
 *
 * @param file a path, or `-` for stdin
 * @throws CommandFailure (cannot run)
 */
export async function readDefinitions(file: string): Promise<ProgramDefinitions> {
  const fail = (reason: string) => new CommandFailure(EXIT.cannotRun, `${file}: ${reason}`);
  const text = await (file === "-" ? readStream(process.stdin) : readFile(file, "utf8")).catch(
    (error: Error) => {
      throw fail(`it cannot be read: ${error.message}`);
    },
  );
  let outputs: unknown;
  try {
    outputs = JSON.parse(text);
  } catch {
    throw fail("it is no JSON: give what `pulumi stack output --json` prints");
  }
  if (isMap(outputs) && isMap(outputs.outputs)) outputs = outputs.outputs;
  const definitions = isMap(outputs) ? outputs.definitions : undefined;
  if (definitions === "[secret]")
    throw fail(
      "its `definitions` are secret, so there is nothing to compare: a definition holds a secret output",
    );
  if (!isMap(definitions)) {
    throw fail(
      "it has no output `definitions`: export those of EscEnvironments from the program, and run up",
    );
  }
  return new Map(
    Object.entries(definitions).filter((each): each is [string, string] => typeof each[1] === "string"),
  );
}

/** For `moreLines` of `verifyAll`: where an environment is not what the program says. */
export function driftLines(
  definitions: ProgramDefinitions,
): (opened: Pick<OpenedTarget, "target" | "definition">) => Promise<readonly VerifyLine[]> {
  return async ({ target: { organization, project, name, version }, definition }) => {
    const environment = `${organization}/${project}/${name}`;
    const program = definitions.get(environment);
    if (program === undefined) {
      return [
        {
          name: "definition",
          problems: [],
          unknown: `the stack's outputs do not tell that of ${environment}`,
        },
      ];
    }
    if (definition === undefined) {
      return [
        {
          name: "definition",
          problems: [],
          unknown: "this token may not read it, so its drift cannot be told",
        },
      ];
    }
    const fix =
      version === undefined
        ? "write the program's again (docs/adopt.md, Drift), or put the edit into the program"
        : "promote the revision that the program wrote";
    const drift = definitionDrift({ program, deployed: definition });
    if (drift.length === 0) return [{ name: "definition", problems: [] }];
    return drift.map((one) => ({
      name: one.path === "" ? "definition" : one.path,
      problems: [{ code: "drifted", reason: `has drifted: ${formatSides(one)}`, fix }],
    }));
  };
}

function formatSides(drift: Parameters<typeof formatDrift>[0]): string {
  return formatDrift({ ...drift, path: "" }).replace(/^the definition: /, "");
}
