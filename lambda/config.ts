import * as z from "zod/mini";
import { compilePattern, describeEnvironmentPattern, describeNamePattern } from "./access/pattern";
import type { AccessRule, Action } from "./access/rules";
import type { IssuerConfig } from "./auth/signature";
import { AdapterConfigError } from "./errors";
import { asRecord, asRecords, type Fields } from "./fields";
import { describeIssues } from "./issues";
import { findNorthflankContradictions, type NorthflankConfig, northflankSchema } from "./northflank/config";
import { findRotationContradictions } from "./rotate-config";
import type { Rotator } from "./rotators/define-rotator";
import type { Source } from "./sources/define-source";
import { isHttpsOrLoopback } from "./urls";

/**
 * What `config.json` holds: everything the adapter trusts. It lies beside the bundle, so rules and code change
 * in one step. Everything absent is closed.
 */
export interface AdapterConfig {
  /** The one Pulumi organization whose environments may call. */
  readonly organization: string;
  readonly issuers: readonly IssuerConfig[];
  readonly routes: readonly RouteConfig[];
  readonly access: readonly AccessRule[];
  /** Settings of each source that requests may name, for instance `{ "secrets-manager": {} }`. */
  readonly sources: Readonly<Record<string, unknown>>;
  /**
   * What may be rotated: settings by target, by rotator, for instance `{ "postgres": { "orders": { … } } }`. Only in a
   * configuration whose routes rotate.
   */
  readonly rotators?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  /** Where rotations are remembered. Required with `rotators`. */
  readonly journal?:
    | {
        /** The DynamoDB table with an item for each target. */
        readonly table: string;
        /** What the Secrets Manager entry of a target begins with; `<rotator>/<target>` follows. */
        readonly entryPrefix: string;
      }
    | undefined;
  /** Northflank's door. Absent: there is none. */
  readonly northflank?: NorthflankConfig | undefined;
  /** Who is told of rotations, and when they are expected. */
  readonly rotation?:
    | {
        /** Name or ARN of the EventBridge bus that rotations are told to. @default nobody is told */
        readonly eventBus?: string | undefined;
        /** By `<rotator>/<target>`. @default overdue after 840 hours, too soon within 4 */
        readonly expectations?:
          | Readonly<
              Record<
                string,
                { readonly overdueHours?: number | undefined; readonly soonHours?: number | undefined }
              >
            >
          | undefined;
      }
    | undefined;
  /** Where used tokens are remembered. `memory` is for one process only; the Lambda handler refuses it. */
  readonly replay: { readonly store: "dynamodb"; readonly table: string } | { readonly store: "memory" };
  /** How far the issuer's clock may be from ours. 0 to 300. @default 30 */
  readonly clockSkewSeconds?: number | undefined;
  readonly limits?: Partial<AdapterLimits> | undefined;
}

/** One address. Exactly one of `audience` and `audienceParameter` is given. */
export interface RouteConfig {
  /** The path as the caller writes it, compared byte for byte, for instance `/open`. */
  readonly path: string;
  /** All routes of one adapter do the same: what opens must not be able to rotate. */
  readonly action: Action;
  /** The token's `aud`: the full URL in the environment's `url`, compared byte for byte. */
  readonly audience?: string | undefined;
  /** Name of the SSM parameter that holds the audience, where the address is known only after deployment. */
  readonly audienceParameter?: string | undefined;
}

/** What a request may take. Each has a default that serves. */
export interface AdapterLimits {
  /** Longest body, in bytes. @default 65536 */
  readonly bodyBytes: number;
  /** Longest Authorization header, in bytes. @default 8192 */
  readonly tokenBytes: number;
  /** Longest time between a token's `iat` and `exp`. @default 7200 */
  readonly tokenLifetimeSeconds: number;
  /** Longest wait for a source. @default 5000 */
  readonly sourceMilliseconds: number;
  /** Longest answer, in bytes. @default 1048576 */
  readonly answerBytes: number;
  /** Longest time for a whole request; on Lambda never longer than the function has left. @default 20000 */
  readonly requestMilliseconds: number;
  /** How long an issuer's keys are still used after ten minutes without reaching it. @default 3600 */
  readonly staleKeysSeconds: number;
}

/** A configuration that has been checked and completed. */
export interface ResolvedConfig extends Omit<AdapterConfig, "clockSkewSeconds" | "limits"> {
  readonly clockSkewSeconds: number;
  readonly limits: AdapterLimits;
}

export const DEFAULT_LIMITS: AdapterLimits = {
  bodyBytes: 65_536,
  tokenBytes: 8_192,
  tokenLifetimeSeconds: 7_200,
  sourceMilliseconds: 5_000,
  answerBytes: 1_048_576,
  requestMilliseconds: 20_000,
  staleKeysSeconds: 3_600,
};

const text = z.string().check(z.minLength(1), z.maxLength(2048));
const whole = (least: number, most: number) => z.int().check(z.minimum(least), z.maximum(most));
const where = (accepts: (value: string) => boolean, error: string) =>
  text.check(z.refine(accepts, { error }));

const httpsUrl = where(
  (value) => URL.canParse(value) && value.startsWith("https://"),
  "must be an https URL",
);
/** Text for which `describe` finds nothing wrong. */
const described = (describe: (value: string) => string | undefined) =>
  text.check(
    z.refine((value) => describe(value) === undefined, {
      error: ({ input }) => describe(input as string) ?? "",
    }),
  );
const environment = described(describeEnvironmentPattern);
const base64url = where((value) => /^[\w-]+$/.test(value), "must be base64url");
/** Part of the name of a Secrets Manager entry. */
const targetName = where((value) => /^[\w.-]+$/.test(value), "must be letters, digits, _, . and -");
const pinnedKey = z.strictObject({
  kty: z.literal("RSA"),
  kid: text,
  n: base64url,
  e: base64url,
  alg: z.optional(z.literal("RS256")),
  use: z.optional(z.literal("sig")),
});

const schema = z.strictObject({
  organization: where((value) => /^[\w.-]+$/.test(value), "must be the name of a Pulumi organization"),
  issuers: z
    .array(
      z.strictObject({
        issuer: httpsUrl,
        jwksUri: z.optional(
          where(isHttpsOrLoopback, "must be an https URL (http only on a loopback address)"),
        ),
        keys: z.optional(z.array(pinnedKey).check(z.minLength(1))),
      }),
    )
    .check(z.minLength(1)),
  routes: z
    .array(
      z.strictObject({
        path: where((value) => /^\/[\w./-]*$/.test(value), "must be a path of plain segments"),
        action: z.enum(["open", "rotate"]),
        audience: z.optional(httpsUrl),
        audienceParameter: z.optional(text),
      }),
    )
    .check(z.minLength(1)),
  access: z.array(
    z.strictObject({
      environment,
      rootEnvironment: z.optional(environment),
      action: z.enum(["open", "rotate"]),
      source: text,
      names: z.array(described(describeNamePattern)).check(z.minLength(1)),
    }),
  ),
  sources: z.record(text, z.unknown()),
  rotators: z.optional(z.record(text, z.record(targetName, z.unknown()))),
  journal: z.optional(z.strictObject({ table: text, entryPrefix: text })),
  northflank: z.optional(northflankSchema),
  rotation: z.optional(
    z.strictObject({
      eventBus: z.optional(text),
      expectations: z.optional(
        z.record(
          text,
          z.strictObject({
            overdueHours: z.optional(whole(1, 87_600)),
            soonHours: z.optional(whole(0, 87_600)),
          }),
        ),
      ),
    }),
  ),
  replay: z.discriminatedUnion("store", [
    z.strictObject({ store: z.literal("dynamodb"), table: text }),
    z.strictObject({ store: z.literal("memory") }),
  ]),
  clockSkewSeconds: z.optional(whole(0, 300)),
  limits: z.optional(
    z.strictObject({
      bodyBytes: z.optional(whole(1, 1_048_576)),
      tokenBytes: z.optional(whole(1, 16_384)),
      tokenLifetimeSeconds: z.optional(whole(1, 86_400)),
      sourceMilliseconds: z.optional(whole(1, 30_000)),
      answerBytes: z.optional(whole(1, 4_194_304)),
      requestMilliseconds: z.optional(whole(1_500, 900_000)),
      staleKeysSeconds: z.optional(whole(0, 86_400)),
    }),
  ),
}) satisfies z.ZodMiniType<AdapterConfig>;

/**
 * Checks a configuration against the sources and rotators this adapter was built with, and completes it.
 *
 * @throws {AdapterConfigError} with every problem, so that one round of mending is enough
 */
export function parseConfig(
  untrusted: unknown,
  sources: readonly Source[],
  rotators: readonly Rotator[] = [],
): ResolvedConfig {
  const parsed = schema.safeParse(untrusted);
  const problems = [
    ...(parsed.success ? [] : describeIssues(parsed.error.issues)),
    ...findContradictions(untrusted, sources),
    ...findRotationContradictions(untrusted, rotators),
    ...findNorthflankContradictions(asRecord(untrusted)),
  ];
  if (!parsed.success || problems.length > 0) throw new AdapterConfigError(problems);
  return {
    ...parsed.data,
    clockSkewSeconds: parsed.data.clockSkewSeconds ?? 30,
    limits: { ...DEFAULT_LIMITS, ...parsed.data.limits },
  };
}

/**
 * What no single field shows. It looks at the configuration as given, whether or not that fits the schema, so
 * that both kinds of problem are told at once.
 */
function findContradictions(untrusted: unknown, sources: readonly Source[]): readonly string[] {
  const config = asRecord(untrusted);
  const configured = asRecord(config.sources);
  return [
    ...asRecords(config.issuers).flatMap(checkIssuer),
    ...asRecords(config.routes).flatMap(checkRoute),
    ...asRecords(config.access).flatMap((rule, index) =>
      checkRule(rule, index, config.organization, configured),
    ),
    ...Object.keys(configured).flatMap((name) => checkSource(name, configured[name], sources)),
  ];
}

function checkIssuer(issuer: Fields, index: number): readonly string[] {
  if ((issuer.jwksUri === undefined) !== (issuer.keys === undefined)) return [];
  return [`config.issuers[${index}]: needs exactly one of jwksUri and keys`];
}

function checkRoute(route: Fields, index: number, routes: readonly Fields[]): readonly string[] {
  const at = `config.routes[${index}]`;
  const problems: string[] = [];
  if ((route.audience === undefined) === (route.audienceParameter === undefined)) {
    problems.push(`${at}: needs exactly one of audience and audienceParameter`);
  }
  if (route.path === "/healthz") problems.push(`${at}.path: is taken by the health check`);
  if (routes.findIndex(({ path }) => path === route.path) !== index) {
    problems.push(`${at}.path: is given twice`);
  }
  return problems;
}

function checkRule(rule: Fields, index: number, organization: unknown, sources: Fields): readonly string[] {
  const at = `config.access[${index}]`;
  const problems: string[] = [];
  for (const field of ["environment", "rootEnvironment"]) {
    const value = rule[field];
    // ESC writes both org/env and project/env: with equal names the two could not be told apart.
    const [project = ""] = typeof value === "string" ? value.split("/") : [];
    if (typeof organization === "string" && compilePattern(project)(organization)) {
      problems.push(`${at}.${field}: its project is named like the organization, which cannot be told apart`);
    }
  }
  if (rule.action !== "rotate" && typeof rule.source === "string" && !Object.hasOwn(sources, rule.source)) {
    problems.push(`${at}.source: ${rule.source} is not configured under config.sources`);
  }
  return problems;
}

function checkSource(name: string, settings: unknown, sources: readonly Source[]): readonly string[] {
  const source = sources.find((candidate) => candidate.name === name);
  if (source === undefined) {
    const known = sources.map((candidate) => candidate.name).join(", ");
    return [`config.sources.${name}: is not one of this adapter's sources (${known})`];
  }
  const parsed = source.settings.safeParse(settings);
  return parsed.success ? [] : describeIssues(parsed.error.issues, `config.sources.${name}`);
}
