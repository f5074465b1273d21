import type * as z from "zod/mini";

type Issue = z.core.$ZodIssue;

/**
 * Schema problems as `path: what is wrong`. Written here because zod/mini carries no texts, and because the
 * received value must never be part of one.
 */
export function describeIssues(issues: readonly Issue[], root = "config"): readonly string[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => `${at(root, [...issue.path, key])}: is not known`);
    }
    if (issue.code === "invalid_union" && issue.errors.length > 0) {
      const [closest = []] = issue.errors.toSorted((left, right) => left.length - right.length);
      return describeIssues(closest, at(root, issue.path));
    }
    return [`${at(root, issue.path)}: ${describe(issue)}`];
  });
}

function at(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`),
    root,
  );
}

function describe(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.map(String).join(" or ")}`;
    case "invalid_union":
      return `must be ${("options" in issue ? (issue.options ?? []) : []).map(String).join(" or ")}`;
    case "too_small":
      return issue.origin === "number" ? `must be at least ${issue.minimum}` : "must not be empty";
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "custom":
      return issue.message;
    default:
      return "is not valid";
  }
}
