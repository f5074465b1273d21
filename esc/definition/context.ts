import type { Ref } from "./expression";
import { createReference } from "./reference";

/** What Pulumi's service tells an environment about who opens it (pulumi.com/docs/esc, "context"). */
export interface PulumiContext {
  readonly user: { readonly login: string };
  readonly organization: { readonly login: string };
  readonly token: { readonly name: string; readonly team: string; readonly type: string };
  /** As in Go: `2h0m0s`. */
  readonly openDuration: string;
}

/** References to the execution context. The evaluator fills in the two environments, the service the rest. */
export const context: Ref<{
  readonly currentEnvironment: { readonly name: string };
  readonly rootEnvironment: { readonly name: string };
  readonly pulumi: PulumiContext;
}> = createReference(["context"]);

/**
 * A context to check definitions with, where nobody opens anything. Without one, every `${context.pulumi.…}` is
 * an unknown property.
 */
export const placeholderContext: { readonly pulumi: PulumiContext } = {
  pulumi: {
    user: { login: "someone" },
    organization: { login: "organization" },
    token: { name: "token", team: "team", type: "personal" },
    openDuration: "2h0m0s",
  },
};
