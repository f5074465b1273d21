import { AwsError } from "./errors";

/** The parameters of `AssumeRoleWithWebIdentity`. */
export interface AssumeRoleInput {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly token: string;
  readonly durationSeconds: number;
  /** The inline session policy, JSON text. */
  readonly policy: string | undefined;
  readonly policyArns: readonly string[];
}

interface Rule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly pattern?: RegExp;
  /** Its value is not repeated in messages. */
  readonly secret?: true;
}

const rules = {
  RoleArn: { name: "roleArn", min: 20, max: 2048 },
  RoleSessionName: { name: "roleSessionName", min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ },
  WebIdentityToken: { name: "webIdentityToken", min: 4, max: 20_000, secret: true },
} as const satisfies Record<string, Rule>;

/**
 * Reads and checks the parameters.
 * @throws {ValidationError} with AWS's text, listing every parameter that breaks a constraint.
 */
export function readAssumeRole(parameters: URLSearchParams): AssumeRoleInput {
  const problems = Object.entries(rules).flatMap(([key, rule]) => problemsOf(rule, parameters.get(key)));
  const durationText = parameters.get("DurationSeconds") ?? "3600";
  const durationSeconds = Number(durationText);
  problems.push(...problemsOfDuration(durationText, durationSeconds));
  const policy = parameters.get("Policy") ?? undefined;
  if (policy !== undefined && policy.length > 2048) {
    problems.push(
      "Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048",
    );
  }
  if (problems.length > 0) {
    const count = `${problems.length} validation error${problems.length === 1 ? "" : "s"} detected`;
    throw new AwsError("ValidationError", `${count}: ${problems.join("; ")}`);
  }
  const roleArn = parameters.get("RoleArn") ?? "";
  if (!/^arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]+:[^\s]+$/.test(roleArn)) {
    throw new AwsError("ValidationError", `${roleArn} is invalid`);
  }
  return {
    roleArn,
    sessionName: parameters.get("RoleSessionName") ?? "",
    token: parameters.get("WebIdentityToken") ?? "",
    durationSeconds,
    policy,
    policyArns: readPolicyArns(parameters),
  };
}

function problemsOf(rule: Rule, value: string | null): string[] {
  const problem = (shown: string, constraint: string) =>
    `Value ${shown}at '${rule.name}' failed to satisfy constraint: ${constraint}`;
  if (value === null) return [problem("null ", "Member must not be null")];
  const shown = rule.secret ? "" : `'${value}' `;
  const problems: string[] = [];
  if (value.length < rule.min) {
    problems.push(problem(shown, `Member must have length greater than or equal to ${rule.min}`));
  }
  if (value.length > rule.max) {
    problems.push(problem(shown, `Member must have length less than or equal to ${rule.max}`));
  }
  if (rule.pattern && !rule.pattern.test(value)) {
    const pattern = rule.pattern.source.replace(/^\^|\$$/g, "");
    problems.push(problem(shown, `Member must satisfy regular expression pattern: ${pattern}`));
  }
  return problems;
}

function problemsOfDuration(text: string, seconds: number): string[] {
  const problem = (constraint: string) => [
    `Value '${text}' at 'durationSeconds' failed to satisfy constraint: ${constraint}`,
  ];
  if (!/^\d{1,9}$/.test(text)) return problem("Member must be an integer");
  if (seconds < 900) return problem("Member must have value greater than or equal to 900");
  if (seconds > 43_200) return problem("Member must have value less than or equal to 43200");
  return [];
}

function readPolicyArns(parameters: URLSearchParams): string[] {
  const arns: string[] = [];
  for (let index = 1; ; index++) {
    const arn = parameters.get(`PolicyArns.member.${index}.arn`);
    if (arn === null) break;
    arns.push(arn);
  }
  if (arns.length <= 10) return arns;
  throw new AwsError(
    "ValidationError",
    "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10",
  );
}
