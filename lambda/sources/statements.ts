import { isPattern } from "../access/pattern";

/** One thing that a source lets the function's role do. */
export interface SourceStatement {
  /** Its `Sid`: letters and digits. @default the source's name and a number */
  readonly id?: string;
  /** IAM actions, for instance `ssm:GetParameter`. */
  readonly actions: readonly string[];
  /** ARNs; `*` only where an action knows no resources. */
  readonly resources: readonly string[];
  /** Values by key, by operator, as in a policy. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Where the function runs, and what it may be asked for. */
export interface SourcePlace {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** What rules let somebody ask of this source: names, patterns of names, or for Secrets Manager ARNs. */
  readonly names: readonly string[];
}

/**
 * What reads these Secrets Manager entries, by name, pattern of names or ARN. The six characters at the end are those
 * that Secrets Manager puts there.
 *
 * IAM's `*` also stands for `/`, where a rule's does not: a condition takes back what would be too much. It asks for the
 * key that it judges, too, for a negation holds where there is none; who reads by batch may have none.
 */
export function readSecretStatements(
  place: Pick<SourcePlace, "partition" | "region" | "account">,
  names: readonly string[],
  ids: { readonly exact: string; readonly pattern: string } = {
    exact: "ReadEntries",
    pattern: "ReadPattern",
  },
): SourceStatement[] {
  const actions = ["secretsmanager:GetSecretValue"];
  const exact = [...new Set(names.filter((name) => !isPattern(name)))].sort();
  const patterns = [...new Set(names.filter(isPattern))].sort();
  const { partition, region, account } = place;
  const arnOf = (name: string) =>
    name.startsWith("arn:")
      ? name
      : `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-??????`;
  return [
    ...(exact.length === 0 ? [] : [{ id: ids.exact, actions, resources: exact.map(arnOf) }]),
    ...patterns.map((pattern, index) => ({
      id: `${ids.pattern}${index + 1}`,
      actions,
      resources: [arnOf(pattern)],
      conditions: {
        StringNotLike: { "secretsmanager:SecretId": crossings(pattern) },
        Null: { "secretsmanager:SecretId": "false" },
      },
    })),
  ];
}

/** The pattern's names with a `/` where a `*` is. */
function crossings(pattern: string): string[] {
  const stars = [...pattern.matchAll(/\*/g)].map(({ index }) => index);
  return stars.map((at) => {
    const crossed = `*${pattern.slice(0, at)}*/${pattern.slice(at)}`;
    return crossed.endsWith("*") ? crossed : `${crossed}*`;
  });
}
