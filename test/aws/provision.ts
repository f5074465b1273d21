import type { Account } from "../../sandbox/aws/account";
import { createAwsCloud } from "../../sandbox/aws/resources";
import type { CallContext, Invoke } from "../../sandbox/engine/cloud";

const context: CallContext = {
  operation: "up",
  organization: "acme",
  project: "escapement",
  stack: "staging",
  directory: ".",
  provider: undefined,
  signal: new AbortController().signal,
};

/** What the engine does with a program's resources, without an engine. */
export function provisioner(account: Account, overrides: Partial<CallContext> = {}) {
  const cloud = createAwsCloud(account);
  const request = (type: string, name: string, inputs: Record<string, unknown>) => ({
    ...context,
    ...overrides,
    urn: `urn:pulumi:staging::escapement::${type}::${name}`,
    type,
    name,
    inputs,
  });
  const typeOf = (type: string) => {
    const found = cloud.resources[type];
    if (!found) throw new Error(`no resource type ${type}`);
    return found;
  };
  return {
    async create(type: string, name: string, inputs: Record<string, unknown>) {
      const { id, outputs = {} } = await typeOf(type).create(request(type, name, inputs));
      return { id, outputs };
    },
    async preview(type: string, name: string, inputs: Record<string, unknown>) {
      return typeOf(type).preview?.(request(type, name, inputs));
    },
    async read(type: string, name: string, id: string) {
      return typeOf(type).read?.({ ...request(type, name, {}), id });
    },
    async invoke(token: string, args: Record<string, unknown> = {}) {
      return (cloud.invokes[token] as Invoke)(args, { ...context, ...overrides });
    },
  };
}
