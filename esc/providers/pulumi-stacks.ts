import { secret } from "../evaluator/index";
import type { Provider } from "../evaluator/types";
import { providerSchemas } from "./schemas";

/** What a stack exports. */
export interface StackOutputs {
  /** Plain JSON, secrets included. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Which of the outputs are secret: they stay secret in the environment. */
  readonly secretOutputNames: readonly string[];
}

export interface PulumiStacksOptions {
  /** Whose stacks are read: ESC never reads those of another organization. */
  readonly organization: string;
  /** Finds a stack by `project/stack`; undefined when the organization has no such stack. */
  readonly stackOutputs: (
    organization: string,
    stack: string,
  ) => StackOutputs | undefined | Promise<StackOutputs | undefined>;
}

/**
 * What ESC's `fn::open::pulumi-stacks` does: all outputs of the named stacks, under the names given to them.
 * An open fails for the first stack that is not there (ESC says `no matching item`, pulumi/pulumi#20501) and for
 * a name that is not `project/stack`.
 */
export function createPulumiStacksProvider({ organization, stackOutputs }: PulumiStacksOptions): Provider {
  return {
    ...providerSchemas["pulumi-stacks"],
    async open(inputs) {
      const { stacks } = inputs as { stacks: Readonly<Record<string, { readonly stack: string }>> };
      const read: [string, unknown][] = [];
      for (const [name, { stack }] of Object.entries(stacks)) {
        checkStackName(name, stack);
        const found = await stackOutputs(organization, stack);
        if (found === undefined) {
          throw new Error(
            `stacks.${name}: no matching item: organization ${organization} has no stack "${stack}"; run "pulumi up" on it first, or correct the name`,
          );
        }
        read.push([name, withSecrets(found)]);
      }
      return Object.fromEntries(read);
    },
  };
}

function checkStackName(name: string, stack: string): void {
  const parts = stack.split("/");
  if (parts.length === 3) {
    throw new Error(
      `stacks.${name}: "${stack}" names an organization, which ESC takes from the environment: write "${parts[1]}/${parts[2]}"`,
    );
  }
  if (parts.length !== 2 || parts.includes("")) {
    throw new Error(`stacks.${name}: "${stack}" is not a stack: write project/stack`);
  }
}

function withSecrets({ outputs, secretOutputNames }: StackOutputs): Record<string, unknown> {
  const entries = Object.entries(outputs).map(([name, value]): [string, unknown] => [
    name,
    secretOutputNames.includes(name) ? secret(value) : value,
  ]);
  return Object.fromEntries(entries);
}
