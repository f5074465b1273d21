import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { isMap } from "../../esc/is-map";
import { type Container, type Place, type Target, TargetError } from "./item";

/**
 * Entries of AWS Secrets Manager below a prefix. `database#url` is the member `url` of the entry `<prefix>/database`,
 * whose value is JSON; `jwt` is the whole of `<prefix>/jwt`. Entries are not made here: a program owns them.
 */
export function secretsManagerTarget(client: SecretsManagerClient, prefix: string): Target {
  return {
    parse(text) {
      const [, name = "", slot = ""] = /^([\w/+=.@-]+)(?:#([\w.-]+))?$/.exec(text) ?? [];
      if (name === "") throw new Error(`"${text}" must be entry or entry#member, such as database#url`);
      return { container: `${prefix}/${name}`, slot };
    },
    place: () => undefined,
    format: ({ container, slot }: Place) => (slot === "" ? container : `${container}#${slot}`),
    async read(container) {
      try {
        const current = await readCurrent(client, container);
        return typeof current === "string" || current === undefined ? entry(current) : current;
      } catch (error) {
        return { problem: `${container} cannot be read: ${refusal(error)}` };
      }
    },
    async write(container, items) {
      try {
        const current = await readCurrent(client, container);
        if (typeof current === "object") throw new TargetError(current.problem);
        const SecretString = merge(current, items);
        await client.send(new PutSecretValueCommand({ SecretId: container, SecretString }));
      } catch (error) {
        throw error instanceof TargetError ? error : new TargetError(refusal(error));
      }
    },
  };
}

/** The current value; undefined for an entry that has none yet. */
async function readCurrent(
  client: SecretsManagerClient,
  name: string,
): Promise<string | undefined | { readonly problem: string }> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    return SecretString ?? { problem: `${name} holds bytes, not text: put its value in by hand` };
  } catch (error) {
    if (nameOf(error) !== "ResourceNotFoundException") throw error;
  }
  try {
    // The same error tells of no entry and of no value.
    await client.send(new DescribeSecretCommand({ SecretId: name }));
    return undefined;
  } catch (error) {
    if (nameOf(error) !== "ResourceNotFoundException") throw error;
    return {
      problem: `there is no entry ${name}: declare it in the inventory and run pulumi up, or map the name to another`,
    };
  }
}

function entry(current: string | undefined): Container {
  return {
    standing(slot, { value }) {
      if (current === undefined) return "empty";
      if (slot === "") return current === value.reveal() ? "same" : "different";
      const members = parseMembers(current);
      if (members === undefined) return "different";
      if (!Object.hasOwn(members, slot)) return "empty";
      return members[slot] === value.reveal() ? "same" : "different";
    },
  };
}

/** The entry's next value: members beside the written ones stay as they are. */
function merge(
  current: string | undefined,
  items: ReadonlyMap<string, { readonly value: { reveal(): string } }>,
): string {
  const whole = items.get("");
  if (whole !== undefined) return whole.value.reveal();
  const members = current === undefined ? {} : parseMembers(current);
  if (members === undefined) {
    throw new TargetError(
      "holds text that is not JSON, which a member would replace: map the name to the whole entry",
    );
  }
  for (const [slot, { value }] of items) members[slot] = value.reveal();
  return JSON.stringify(members);
}

function parseMembers(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** AWS's words name the caller, the action and the entry; none of them has a value. */
function refusal(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 400) : "AWS did not answer";
}
