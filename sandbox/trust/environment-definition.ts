import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import { type EnvironmentLogin, ESC_SUBJECT_ATTRIBUTES, type TrustEnvironment } from "../../trust";
import { parseGoDuration } from "../pulumi/duration";

/** ESC's own default for `duration`. */
const TWO_HOURS = 7200;

/**
 * What an environment's definition says about trust: its logins, the adapters it asks, its imports. What is not
 * written as a literal, a role's ARN in a reference say, is left out.
 */
export function readDefinition(yaml: string): Pick<TrustEnvironment, "logins" | "adapterUrls" | "imports"> {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, logLevel: "silent" });
  const logins: EnvironmentLogin[] = [];
  const adapterUrls: string[] = [];
  walk(document.contents, (map) => {
    const oidc = map.get("oidc", true) as unknown;
    // `fn::open::aws-login: {oidc: …}` and `fn::open: {provider: aws-login, inputs: {oidc: …}}` alike.
    if (isMap(oidc) && oidc.has("roleArn")) logins.push(readLogin(oidc, lines));
    const external = map.get("fn::open::external", true) as unknown;
    const url = isMap(external) ? external.get("url") : undefined;
    if (typeof url === "string") adapterUrls.push(url);
  });
  const imports = document.get("imports");
  return { logins, adapterUrls, imports: isSeq(imports) ? imports.items.flatMap(importName) : [] };
}

function readLogin(oidc: YAMLMap, lines: LineCounter): EnvironmentLogin {
  const { roleArn, duration, subjectAttributes } = oidc.toJSON() as Record<string, unknown>;
  const named = Array.isArray(subjectAttributes) ? subjectAttributes : [];
  return {
    ...(typeof roleArn === "string" && !roleArn.includes("${") && { roleArn }),
    subjectAttributes: ESC_SUBJECT_ATTRIBUTES.filter((known) => named.includes(known)).sort(
      (a, b) => named.indexOf(a) - named.indexOf(b),
    ),
    durationSeconds: typeof duration === "string" ? readSeconds(duration) : TWO_HOURS,
    ...(oidc.range && { line: lines.linePos(oidc.range[0]).line }),
  };
}

/** A reference, or what the check will complain about, counts as not written. */
function readSeconds(duration: string): number {
  try {
    return parseGoDuration(duration) / 1000;
  } catch {
    return TWO_HOURS;
  }
}

/** `project/name`, or `project/name: {merge: false}`. */
function importName(item: unknown): string[] {
  if (isScalar(item)) return [String(item.value)];
  return isMap(item) ? item.items.map(({ key }) => String(key)) : [];
}

function walk(node: unknown, visit: (map: YAMLMap) => void): void {
  if (isMap(node)) {
    visit(node);
    for (const { value } of node.items) walk(value, visit);
  } else if (isSeq(node)) {
    for (const item of node.items as Node[]) walk(item, visit);
  }
}
