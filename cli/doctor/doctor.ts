import { isScalar, isMap as isYamlMap, parseDocument, visit } from "yaml";
import { valueAt } from "../../esc/inventory/verify/opened";
import { isMap } from "../../esc/is-map";
import { readDefinition } from "../../sandbox/trust/environment-definition";
import { explainTrust, type TrustRole } from "../../trust";
import { formatEnvironmentName } from "../environment-name";
import { type EnvironmentName, type EscClient, EscClientError, type EscConnection } from "../esc-client";
import { diagnoseFindings, type Patient, presentedClaims } from "./findings";
import type { Diagnosis } from "./row";
import { askService } from "./service";

export interface DoctorOptions {
  readonly connection: EscConnection;
  readonly client: EscClient;
  readonly environment: EnvironmentName & { readonly version: string | undefined };
  /** Variables that somebody misses. */
  readonly needs: readonly string[];
  /** Roles as files had them, to say which condition of a trust policy decides. */
  readonly roles: readonly TrustRole[];
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** What the doctor found. Safe to print. */
export interface Report {
  readonly environment: string;
  readonly ok: boolean;
  /** What is in order, one a line. */
  readonly fine: readonly string[];
  readonly diagnoses: readonly Diagnosis[];
}

/** STS, and adapters with their own settings, take this much at the most. */
const clockLeewayMs = 60_000;

/**
 * Goes the way that a value goes, from this machine to where it lives, and says where it stops, why, and what to do first.
 * Reads the definition where the token may, and opens the environment; changes nothing.
 */
export async function examine(options: DoctorOptions): Promise<Report> {
  const { connection, client, environment, needs } = options;
  const fine: string[] = [];
  const name = formatEnvironmentName(environment);
  const end = (...diagnoses: Diagnosis[]): Report => {
    return { environment: name, ok: diagnoses.length === 0, fine, diagnoses };
  };

  const service = await askService(connection);
  if ("unreachable" in service) return end(unreachable(connection.url, service.unreachable));
  const clock = clockDiagnosis(service.date, options.now ?? Date.now);
  if (service.status === 401) return end(...clock, tokenRefused(connection.url));
  fine.push(`${connection.url} answers${service.login === undefined ? "" : `, to ${service.login}`}`);
  if (clock.length === 0 && service.date !== undefined)
    fine.push("this machine's clock agrees with the service's");
  if (service.organizations.length > 0 && !service.organizations.includes(environment.organization)) {
    return end(...clock, organizationUnknown(environment, service.organizations));
  }
  try {
    await client.revisionOf(environment, "latest");
  } catch (error) {
    const problem = asRefusal(error);
    if (problem.status === 404) return end(...clock, await wrongEnvironment(client, environment));
    if (problem.status === 403) return end(...clock, permissionDenied(environment, problem));
    throw problem;
  }
  fine.push("the environment is there");
  try {
    const opened = await client.open(environment, environment.version);
    const shown = valueAt(opened, "environmentVariables")?.value;
    const variables = isMap(shown) ? Object.keys(shown) : [];
    fine.push(`it opens, with ${variables.length} variables`);
    const empty = Object.keys(opened).length === 0 || (await isMisplaced(client, environment));
    return end(...clock, ...(empty ? [nothingExported(environment)] : missing(variables, needs)));
  } catch (error) {
    const problem = asRefusal(error);
    if (problem.status === 403) return end(...clock, permissionDenied(environment, problem));
    const patient = { ...environment, ...(await readPatient(client, environment)) };
    const findings = problem.findings.length > 0 ? problem.findings : [problem.message];
    const diagnoses = diagnoseFindings(findings, patient).map((each) => decide(each, patient, options.roles));
    return end(...clock, ...diagnoses);
  }
}

function unreachable(url: string, why: string): Diagnosis {
  return {
    code: "esc-unreachable",
    what: `${url} does not answer (${why})`,
    why: "the network, a proxy, PULUMI_BACKEND_URL, or Pulumi itself",
    fix: "look at https://status.pulumi.com and at PULUMI_BACKEND_URL; until it is back, docs/runbook.md has the way without ESC",
  };
}

function tokenRefused(url: string): Diagnosis {
  return {
    code: "token-refused",
    what: `${url} answers 401`,
    why: "the access token is wrong, revoked, expired, or of another backend",
    fix: "pulumi login (in CI: a new token from the exchange), then run this again",
  };
}

function organizationUnknown({ organization }: EnvironmentName, mine: readonly string[]): Diagnosis {
  return {
    code: "organization-unknown",
    what: `the token is no member's of ${organization}; it is one of ${mine.join(", ")}`,
    why: "another account, or an organization that nobody has invited it to",
    fix: `pulumi whoami -v, then pulumi login as a member of ${organization}, or ask for an invitation`,
  };
}

function permissionDenied(environment: EnvironmentName, { message }: EscClientError): Diagnosis {
  return {
    code: "permission-denied",
    what: message,
    why: "the token's user, team or role may not open this environment",
    fix: `an administrator grants it: access of EscEnvironments, or Team access of ${formatEnvironmentName(environment)} in the console`,
  };
}

function clockDiagnosis(date: number | undefined, now: () => number): Diagnosis[] {
  const offset = date === undefined ? 0 : now() - date;
  if (Math.abs(offset) <= clockLeewayMs) return [];
  const minutes = Math.round(Math.abs(offset) / 6000) / 10;
  return [
    {
      code: "clock",
      what: `this machine's clock is ${minutes} minutes ${offset > 0 ? "ahead of" : "behind"} the service's`,
      why: "AWS refuses requests that are signed more than 5 minutes off, and tokens from here look expired or not yet valid",
      fix: "timedatectl set-ntp true (in a virtual machine: synchronise with the host), then run this again",
    },
  ];
}

async function wrongEnvironment(client: EscClient, environment: EnvironmentName): Promise<Diagnosis> {
  const names = await client.list(environment.organization).catch(() => []);
  const close = names.filter(
    (each) => each.endsWith(`/${environment.name}`) || each.startsWith(`${environment.project}/`),
  );
  const known = close.length > 0 ? close : names.slice(0, 10);
  return {
    code: "wrong-environment",
    what: `there is no environment ${formatEnvironmentName(environment)}, or the token may not see it`,
    why: "a misspelt name, another project (a name without one means default), or a stage that was never brought up",
    fix: `${known.length > 0 ? `use one of ${known.join(", ")}, or ` : ""}pulumi up -s ${environment.name}`,
  };
}

/** Opened, and of no use to anybody. An environment that others import has no need of variables. */
function nothingExported(environment: EnvironmentName): Diagnosis {
  return {
    code: "nothing-exported",
    what: "it opens, and gives nothing, or not what its definition seems to say",
    why: "environmentVariables or pulumiConfig stands outside of values, where ESC takes no notice of it, or the definition is empty",
    fix: `pulumi env get ${formatEnvironmentName(environment)}: environmentVariables has to stand below values`,
  };
}

/** Whether a block that processes are given stands where ESC does not look. Unknown counts as no. */
async function isMisplaced(
  client: EscClient,
  environment: EnvironmentName & { version: string | undefined },
): Promise<boolean> {
  try {
    const definition: unknown = parseDocument(
      (await client.definition(environment, { version: environment.version })).yaml,
    ).toJS();
    return (
      isMap(definition) && ["environmentVariables", "pulumiConfig", "files"].some((key) => key in definition)
    );
  } catch {
    return false;
  }
}

function missing(variables: readonly string[], needs: readonly string[]): Diagnosis[] {
  return needs
    .filter((need) => !variables.includes(need))
    .map((need) => {
      const letters = (text: string) => text.toUpperCase().replace(/[^A-Z0-9]/g, "");
      const alike = variables.filter(
        (each) => letters(each).includes(letters(need)) || letters(need).includes(letters(each)),
      );
      return {
        code: "variable-missing",
        what: `${need} is not among the ${variables.length} variables that it exports`,
        why:
          alike.length > 0
            ? `did you mean ${alike.join(" or ")}?`
            : "no item of the inventory fills it in this stage",
        fix: `declare ${need} in esc/inventory.ts for this stage and run pulumi up, or correct the name where it is read`,
      };
    });
}

/** What the definition says, as far as the token may read it: the rest of the diagnosis goes without. */
async function readPatient(
  client: EscClient,
  environment: EnvironmentName,
): Promise<Pick<Patient, "logins" | "entries">> {
  try {
    const { yaml } = await client.definition(environment);
    return { logins: readDefinition(yaml).logins, entries: entriesOf(yaml) };
  } catch {
    return { logins: [], entries: new Map() };
  }
}

/** `get: { database: { secretId: shop/staging/database } }` */
function entriesOf(yaml: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  visit(parseDocument(yaml), {
    Pair(_, { key, value }) {
      const id = isYamlMap(value) ? value.get("secretId") : undefined;
      if (isScalar(key) && typeof id === "string") entries.set(String(key.value), id);
    },
  });
  return entries;
}

/** Where the role is known, the condition that decides is told instead of the way to find it. */
function decide(diagnosis: Diagnosis, patient: Patient, roles: readonly TrustRole[]): Diagnosis {
  if (diagnosis.code !== "trust" && diagnosis.code !== "session-too-long") return diagnosis;
  for (const login of patient.logins) {
    const role =
      roles.find(({ arn }) => arn === login.roleArn) ?? (roles.length === 1 ? roles[0] : undefined);
    const claims = presentedClaims(login, patient);
    if (role === undefined || claims === undefined) continue;
    const { cause } = explainTrust({ role, claims, durationSeconds: login.durationSeconds });
    if (cause !== undefined) return { ...diagnosis, why: cause.text, fix: cause.fix };
  }
  return diagnosis;
}

function asRefusal(error: unknown): EscClientError {
  if (error instanceof EscClientError) return error;
  throw error;
}
