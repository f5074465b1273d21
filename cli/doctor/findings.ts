import { type EscSubjectAttribute, escAudience, escSubject } from "../../trust";
import type { EnvironmentName } from "../esc-client";
import type { Diagnosis, DiagnosisCode } from "./row";

/** What is known of the environment whose opening was refused. */
export interface Patient extends EnvironmentName {
  /** A revision or tag, as it was asked for. */
  readonly version: string | undefined;
  /** What its definition writes of logins. Empty where it could not be read. */
  readonly logins: readonly Login[];
  /** The Secrets Manager entry by the name that it has under `get`. */
  readonly entries: ReadonlyMap<string, string>;
}

export interface Login {
  readonly roleArn?: string | undefined;
  readonly subjectAttributes: readonly EscSubjectAttribute[];
  readonly durationSeconds: number;
}

/** One kind of finding: what it looks like, what it means. */
interface Symptom {
  readonly code: DiagnosisCode;
  readonly pattern: RegExp;
  readonly why: string;
  readonly fix: (match: RegExpExecArray, patient: Patient) => string;
}

/**
 * In this order: the first that fits is told. AWS's words are AWS's own; those about adapters and rotations are this
 * project's and its sandbox's. What Pulumi's service writes around them is documented nowhere, so nothing is asked of it.
 */
const symptoms: readonly Symptom[] = [
  {
    code: "entry-without-value",
    pattern:
      /(?:get\.([\w.-]+): )?ResourceNotFoundException: [^;]*secret value for (?:staging label|VersionId)/,
    why: "the entry exists and holds no value yet; one such entry makes the whole block fail",
    fix: ([, get], patient) =>
      `aws secretsmanager put-secret-value --secret-id ${entryOf(get, patient)} --secret-string file://value`,
  },
  {
    code: "entry-missing",
    pattern: /(?:get\.([\w.-]+): )?ResourceNotFoundException: [^;]*can't find the specified secret/,
    why: "there is no such entry in the region and account that the login leads to",
    fix: ([, get], patient) =>
      `aws secretsmanager describe-secret --secret-id ${entryOf(get, patient)}; declare it in the inventory and run pulumi up, or correct secretId or region`,
  },
  {
    code: "entry-denied",
    pattern: /(?:get\.([\w.-]+): )?AccessDenied(?:Exception)?: [^;]*(?:secretsmanager|kms|ssm):\w+/,
    why: "the login succeeded, and the role may not read this entry or use its key",
    fix: ([, get], patient) =>
      `let the role of the login read ${entryOf(get, patient)}: declare the entry in the inventory and run pulumi up; for an entry with a key of its own, kms:Decrypt too`,
  },
  {
    code: "provider-missing",
    pattern: /No OpenIDConnect provider found in your account/,
    why: "the AWS account does not know Pulumi's issuer",
    fix: () => "pulumi up -s base, once for each account: it registers https://api.pulumi.com/oidc",
  },
  {
    code: "audience",
    pattern: /Incorrect token audience/,
    why: "the account knows the issuer, but not for this organization",
    fix: (_, patient) =>
      `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn arn:aws:iam::${accountOf(patient)}:oidc-provider/api.pulumi.com/oidc --client-id ${escAudience({ organization: patient.organization, environment: nameOf(patient) })}`,
  },
  {
    code: "session-too-long",
    pattern: /DurationSeconds exceeds the MaxSessionDuration/,
    why: "the login asks for a longer session than its role gives; ESC asks for 2 hours where nothing is written, a role gives 1",
    fix: (_, patient) => {
      const { roleArn, durationSeconds = 7200 } =
        [...patient.logins].sort((a, b) => b.durationSeconds - a.durationSeconds)[0] ?? {};
      return `write duration: 1h into the login, or aws iam update-role --role-name ${roleArn?.split("/").at(-1) ?? "ROLE"} --max-session-duration ${durationSeconds}`;
    },
  },
  {
    code: "trust",
    pattern: /[Nn]ot authorized to perform:? sts:AssumeRoleWithWebIdentity/,
    why: "the role's trust policy does not let this environment in; AWS says the same for every cause",
    fix: (_, patient) => patient.logins.map((login) => explainTrustCommand(login, patient)).join("\n"),
  },
  {
    code: "login-token",
    pattern:
      /ExpiredTokenException|IDPCommunicationError|InvalidIdentityToken|Token must be issued in the past/,
    why: "AWS does not take the token that Pulumi presents, whatever the role says",
    fix: () =>
      "try again in a minute; if it stays, compare the provider's URL in IAM with https://api.pulumi.com/oidc, and see https://status.pulumi.com",
  },
  adapter(
    "adapter-not-configured",
    "not_configured",
    "the adapter runs and does not know its own address yet",
    () =>
      "pulumi up on the stage again: it writes the address into the parameter that the adapter reads at start",
  ),
  adapter(
    "adapter-audience",
    "token_audience",
    "the environment calls another address than the one that the adapter is for",
    () =>
      "write the adapter's address exactly as the stack's output adapterUrl has it, trailing slash included",
  ),
  adapter(
    "adapter-clock",
    "token_expired|token_not_yet_valid",
    "the adapter's clock and the issuer's differ by more than a token lives",
    () =>
      "set the clock of the machine that the adapter runs on (timedatectl set-ntp true); on Lambda, try again",
  ),
  adapter(
    "adapter-access",
    "organization_denied|access_denied",
    "no rule of the adapter lets this environment ask for this",
    (request) =>
      `find the record ${request} in the adapter's log: it names the rule that came closest; rules are in index.ts`,
  ),
  adapter(
    "adapter-source",
    "source_\\w+",
    "the adapter let the request in, and the system behind it did not give the value",
    (request) =>
      `find the record ${request} in the adapter's log; source_not_found: put the value in, source_denied: the adapter's role`,
  ),
  adapter(
    "adapter-refused",
    "\\w+",
    "the adapter refused the request",
    (request) =>
      `find the record ${request} in the adapter's log: it has the reason, which callers are not told`,
  ),
  {
    code: "adapter-unreachable",
    pattern: /the adapter at (\S+) (?:could not be reached|did not answer|answered \d+)/,
    why: "nothing that is an adapter answers at this address",
    fix: ([, url]) =>
      `curl -i -X POST ${url} (a healthy adapter answers 401); compare with the stack's output adapterUrl, and look whether reserved concurrency is 0`,
  },
  {
    code: "first-rotation-missing",
    pattern: /nothing has been rotated yet|has not (?:yet )?been rotated/,
    why: "a rotated environment has no credential before its first rotation; it checks, and does not open",
    fix: (_, patient) =>
      `escapement rotate run ${fullName(patient)} --first, or of the rotated environment that it imports`,
  },
  {
    code: "stack-missing",
    pattern: /no matching item(?:[^"]*has no stack "([^"]+)")?/,
    why: "pulumi-stacks reads the outputs of a stack that is not there",
    fix: ([, stack = "project/stack"]) =>
      `pulumi up on ${stack} first, or correct the name: it is project/stack, without the organization`,
  },
  {
    code: "import-missing",
    pattern:
      /environment (?:[\w.-]+\/)?([\w.-]+\/[\w.-]+) does not exist|(?:unknown environment|loading environment)\D*"?([\w./-]+)/,
    why: "an import names an environment that is not there; a name without a project means the project default",
    fix: ([, name, other], patient) =>
      `pulumi env ls -o ${patient.organization}, and write the import as project/name: ${name ?? other} is not one`,
  },
];

/** One who answers with a status, a code and a request id. */
function adapter(code: DiagnosisCode, codes: string, why: string, fix: (request: string) => string): Symptom {
  return {
    code,
    pattern: new RegExp(`answered \\d{3} (${codes})\\b(?: \\(request ([\\w-]+)\\))?`),
    why,
    fix: ([, , request = "of that time"]) => fix(request),
  };
}

/**
 * Names what was found when an environment was opened. A finding that tells of several entries is told once for each.
 * @param findings as `EscClientError` has them
 */
export function diagnoseFindings(findings: readonly string[], patient: Patient): readonly Diagnosis[] {
  const found = findings.flatMap(apart).map((what) => diagnose(what, patient));
  const seen = new Set<string>();
  return found.filter(({ code, what }) => {
    const key = `${code} ${what}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function diagnose(what: string, patient: Patient): Diagnosis {
  for (const { code, pattern, why, fix } of symptoms) {
    const match = pattern.exec(what);
    if (match !== null) return { code, what, why, fix: fix(match, patient) };
  }
  return {
    code: "definition",
    what,
    why: "the definition, or a provider in it, says so",
    fix: `pulumi env edit ${fullName(patient)}, or the program that writes it; escapement check finds such things before`,
  };
}

/** `values.x: get.a: …; get.b: …` in two. */
function apart(finding: string): string[] {
  const parts = finding.split(/;\s+(?=get\.[\w.-]+: )/);
  const place = /^(.*?)get\.[\w.-]+: /.exec(parts[0] ?? "")?.[1] ?? "";
  return parts.map((part, index) => (index === 0 ? part : `${place}${part}`));
}

function entryOf(get: string | undefined, { entries, project, name }: Patient): string {
  return (get === undefined ? undefined : entries.get(get)) ?? `${project}/${name}/${get ?? "ENTRY"}`;
}

function accountOf({ logins }: Patient): string {
  return logins.flatMap(({ roleArn }) => roleArn?.split(":")[4] ?? [])[0] ?? "ACCOUNT";
}

/** What the login presents, as the claims that `escapement trust explain` takes. */
export function presentedClaims(
  login: Login,
  patient: Patient,
): Readonly<Record<string, string>> | undefined {
  const { organization } = patient;
  const environment = nameOf(patient);
  try {
    const sub = escSubject({ organization, environment, subjectAttributes: login.subjectAttributes });
    return { iss: "https://api.pulumi.com/oidc", aud: escAudience({ organization, environment }), sub };
  } catch {
    // It names who opens: only ESC knows how that is spelt.
    return undefined;
  }
}

function explainTrustCommand(login: Login, patient: Patient): string {
  const role = login.roleArn?.split("/").at(-1) ?? "ROLE";
  const claims = presentedClaims(login, patient);
  const save = `aws iam get-role --role-name ${role} > role.json`;
  if (claims === undefined)
    return `${save}, then escapement trust explain --role role.json with the claims of a login`;
  return `${save}, then escapement trust explain --role role.json --claims '${JSON.stringify(claims)}'`;
}

function nameOf({ project, name, version }: Patient): string {
  return `${project}/${name}${version === undefined ? "" : `@${version}`}`;
}

function fullName(patient: Patient): string {
  return `${patient.organization}/${nameOf(patient)}`;
}
