import { isGithubIssuer } from "../providers";

/** One value list under one operator and key of a trust policy. */
export interface ClaimCondition {
  /** As written, `ForAllValues:` and `IfExists` included. */
  readonly operator: string;
  readonly key: string;
  /** What stands before the last `:` of the key: the issuer, where the policy is right. */
  readonly prefix: string;
  readonly claim: string;
  readonly values: readonly string[];
  /** Place in the policy. */
  readonly path: string;
}

/** An `Allow` of a trust policy as lint sees it: read leniently, so that what IAM would refuse is found too. */
export interface TrustStatement {
  readonly path: string;
  readonly principals: Readonly<Record<"AWS" | "Federated" | "Service", readonly string[]>>;
  readonly everyone: boolean;
  readonly actions: readonly string[];
  /** On claims only; `aws:` and `sts:` keys are not among them. */
  readonly conditions: readonly ClaimCondition[];
}

/** The statements of a trust policy that allow. */
export function readTrustStatements(document: unknown): TrustStatement[] {
  return listOf(fields(document).Statement).flatMap((raw, index) => {
    const statement = fields(raw);
    if (statement.Effect !== "Allow") return [];
    const path = `Statement[${index}]`;
    const principal = fields(statement.Principal);
    const [AWS, Federated, Service] = [principal.AWS, principal.Federated, principal.Service].map(texts) as [
      string[],
      string[],
      string[],
    ];
    return {
      path,
      principals: { AWS, Federated, Service },
      everyone: statement.Principal === "*" || AWS.includes("*") || Federated.includes("*"),
      actions: texts(statement.Action),
      conditions: readConditions(statement.Condition, `${path}.Condition`),
    };
  });
}

function readConditions(condition: unknown, path: string): ClaimCondition[] {
  return Object.entries(fields(condition)).flatMap(([operator, keys]) =>
    Object.entries(fields(keys)).flatMap(([key, value]): ClaimCondition[] => {
      const cut = key.lastIndexOf(":");
      const prefix = key.slice(0, Math.max(cut, 0));
      if (!prefix.includes(".")) return [];
      const claim = key.slice(cut + 1);
      return [{ operator, key, prefix, claim, values: texts(value), path: `${path}.${operator}.${key}` }];
    }),
  );
}

/** What an operator demands, its prefix and suffix aside. */
export function baseOperator(operator: string): string {
  return operator.replace(/^For\w+:/, "").replace(/IfExists$/, "");
}

/** Whether the condition narrows who gets in: an operator that names values, not one that excludes some. */
export function narrows({ operator }: ClaimCondition): boolean {
  return /^(?:StringEquals|StringEqualsIgnoreCase|StringLike)$/.test(baseOperator(operator));
}

/** `*` and `?` are wildcards under `StringLike` alone. */
export function isWild({ operator }: ClaimCondition, value: string): boolean {
  return baseOperator(operator) === "StringLike" && /[*?]/.test(value);
}

/** The issuer that a provider's ARN, or a condition key, is of. */
export function issuerOf(keyPrefix: string): "github" | "esc" | "esc-v2" | "other" {
  const prefix = keyPrefix.toLowerCase();
  if (isGithubIssuer(prefix)) return "github";
  if (prefix.endsWith("/oidc/v2")) return "esc-v2";
  return prefix === "api.pulumi.com/oidc" || /^api\.[^/]*pulumi[^/]*\/oidc$/.test(prefix) ? "esc" : "other";
}

/** The issuer in a provider's ARN; empty for what is none, such as an unresolved reference. */
export function keyPrefixOf(providerArn: string): string {
  return /oidc-provider\/(.+)$/.exec(providerArn)?.[1] ?? "";
}

export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

export function texts(value: unknown): string[] {
  return listOf(value)
    .filter((one) => typeof one === "string" || typeof one === "number" || typeof one === "boolean")
    .map(String);
}

/** Whether any statement of a trust policy is for those who present a token. */
export function trustsAnIssuer(document: unknown): boolean {
  return readTrustStatements(document).some(({ principals }) => principals.Federated.length > 0);
}
