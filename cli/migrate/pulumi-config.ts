import { isMap } from "../../esc/is-map";
import { Concealed } from "./concealed";
import { type RunCommand, runCommand } from "./env-file";
import { type Found, type Source, SourceError } from "./item";
import { literally } from "./references";

/**
 * The configuration of a stack, as `pulumi config --show-secrets --json` tells it in the program's folder. What is not
 * secret there may stay there.
 *
 * @throws SourceError
 */
export async function readPulumiConfig(
  stack: string,
  directory: string,
  run: RunCommand = runCommand,
): Promise<Source> {
  const args = ["config", "--show-secrets", "--json", "--stack", stack, "--cwd", directory];
  const text = await run("pulumi", args).catch((error: Error) => {
    throw new SourceError(`pulumi config of ${stack} failed: ${error.message}`);
  });
  const config = parse(text, stack);
  const file = `Pulumi.${stack}.yaml`;
  const found: Found[] = [];
  const left: { name: string; from: string; why: string }[] = [];
  for (const [name, entry] of Object.entries(config)) {
    const { value, secret } = isMap(entry) ? entry : {};
    const from = `${file} ${name}`;
    if (secret !== true) {
      left.push({ name, from, why: "it is no secret there: it may stay" });
    } else if (typeof value === "string" && value !== "") {
      const remove = `pulumi config rm ${name} --stack ${stack}`;
      found.push({ name, value: new Concealed(value), secret: true, from, remove });
    } else {
      left.push({ name, from, why: "it has no value" });
    }
  }
  // A key that stays in the stack's file wins over what ESC says.
  const traces = found.map(({ name }) => ({
    pattern: new RegExp(`^\\s*["']?${literally(name)}["']?\\s*:`),
    what: `sets ${name}, which wins over ESC`,
    files: new RegExp(`(^|/)${literally(file)}$`),
  }));
  return { found, left, traces };
}

function parse(text: string, stack: string): Record<string, unknown> {
  try {
    const config: unknown = JSON.parse(text);
    if (isMap(config)) return config;
  } catch {
    // Told below, without the text: it is full of secrets.
  }
  throw new SourceError(`pulumi config of ${stack} did not answer with JSON`);
}
