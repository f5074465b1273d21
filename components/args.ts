import * as pulumi from "@pulumi/pulumi";

/** One thing wrong with a component's arguments. */
export interface ArgumentIssue {
  /** Where, as a property path: `entries[2].name`. */
  readonly path: string;
  /** What is wrong and how to mend it. Never a secret value. */
  readonly reason: string;
}

/** Fails the program with every issue at once; does nothing when there is none. */
export function refuse(issues: readonly ArgumentIssue[], resource: pulumi.Resource): void {
  if (issues.length === 0) return;
  const lines = issues.map(({ path, reason }) => `${path}: ${reason}`);
  throw new pulumi.ResourceError(lines.join("; "), resource, true);
}
