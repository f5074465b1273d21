import * as z from "zod/mini";
import { describeNamePattern, isPattern } from "../access/pattern";
import { asRecord, asRecords, type Fields } from "../fields";

/**
 * Northflank's door: a platform that asks for the variables and files of each workload that it starts. It stands beside
 * the routes that open and shares nothing with them but the sources.
 */
export interface NorthflankConfig {
  /** The path of its route, compared byte for byte, for instance `/northflank`. */
  readonly path: string;
  readonly sharedSecret: NorthflankSharedSecret;
  /** Which workloads get what. A workload that no rule means is refused. */
  readonly rules: readonly NorthflankRule[];
}

/** The secret that Northflank signs its tokens with. */
export interface NorthflankSharedSecret {
  /** Name or ARN of the Secrets Manager entry that is its text, of 32 bytes at least. */
  readonly entry: string;
  /**
   * For how long after a change the previous value (`AWSPREVIOUS`) is taken beside the current one: 0 to 604800.
   * @default 172800: a day to tell Northflank, and one for the last token
   */
  readonly overlapSeconds?: number | undefined;
}

/**
 * What a workload gets. Names are exact, or patterns in which `*` stands for a part of them. Where several rules mean one
 * workload it gets all of theirs; of the same variable or file the last one's.
 */
export interface NorthflankRule {
  /** The token's `projectId`. Open (`*`) only in a rule that gives nothing. */
  readonly project: string;
  /** The token's `nfObjectId`: the service or job. */
  readonly object: string;
  /** The token's `nfObjectType`, one of these. @default any */
  readonly objectTypes?: readonly string[] | undefined;
  /** May be empty: the workload is answered, with nothing. Northflank asks for every workload of a team. */
  readonly secrets: readonly NorthflankSecret[];
}

/** Where a value comes from. */
export interface NorthflankValue {
  /** A source of `config.sources`. */
  readonly source: string;
  /** What it is asked, as in `request` of `fn::open::external` without `source`. */
  readonly request: Readonly<Record<string, unknown>>;
  /** The members that lead to the value in what it answers; a text, number or boolean. @default ["value"] */
  readonly select?: readonly string[] | undefined;
}

/** A variable or a file. */
export type NorthflankSecret = NorthflankVariable | NorthflankFile;

/** A variable of the workload's environment. */
export interface NorthflankVariable extends NorthflankValue {
  readonly type: "ENV";
  /** Letters, digits and `_`, not beginning with a digit. */
  readonly key: string;
}

/** A file that the workload finds. Whose it is and its mode are told to Northflank, which sets them. */
export interface NorthflankFile extends NorthflankValue {
  readonly type: "FILE";
  /** Absolute, without `.` or `..`. */
  readonly path: string;
  /** How the source's text holds the file: as it is, or in base64. @default "utf-8" */
  readonly encoding?: "utf-8" | "base64" | undefined;
  /** @default Northflank's */
  readonly owner?: NorthflankOwner | undefined;
  /** @default Northflank's */
  readonly group?: NorthflankOwner | undefined;
  /** @default Northflank's */
  readonly permissions?: NorthflankPermissions | undefined;
}

/**
 * Whose a file is. Explicit: the user or group `value`, by name or number. Inherited: that of the workload's main process.
 * `AlwaysSet…` changes a file that is there already, `KeepOrSet…` does not.
 */
export type NorthflankOwner =
  | { readonly policy: "AlwaysSetExplicit" | "KeepOrSetExplicit"; readonly value: string }
  | { readonly policy: "AlwaysSetInherited" | "KeepOrSetInherited" };

/** The mode of a file: `AlwaysSet` changes one that is there already, `KeepOrSet` does not. */
export interface NorthflankPermissions {
  readonly policy: "AlwaysSet" | "KeepOrSet";
  /** Octal as text, `"0640"`, or the number itself: 416. A number above 511, such as 640, is taken for a mistake. */
  readonly mode: string | number;
}

const text = z.string().check(z.minLength(1), z.maxLength(2048));
const matching = (expression: RegExp, error: string) =>
  text.check(z.refine((value) => expression.test(value), { error }));
const pattern = text.check(
  z.refine((value) => describeNamePattern(value) === undefined, {
    error: "has more than one * in a segment",
  }),
);

const value = {
  source: text,
  request: z.record(z.string(), z.unknown()),
  select: z.optional(z.array(text).check(z.minLength(1))),
};
const owner = z.discriminatedUnion("policy", [
  z.strictObject({
    policy: z.enum(["AlwaysSetExplicit", "KeepOrSetExplicit"]),
    value: matching(/^[\w.][\w.-]*\$?$/, "must be the name or number of a user or group"),
  }),
  z.strictObject({ policy: z.enum(["AlwaysSetInherited", "KeepOrSetInherited"]) }),
]);
const mode = z.union([
  matching(/^[0-7]{3,4}$/, "must be three or four octal digits"),
  z.int().check(
    z.refine((mode) => mode >= 0 && mode <= 0o777, {
      error: "must be at most 511 as a number: write octal as text",
    }),
  ),
]);

export const northflankSchema: z.ZodMiniType<NorthflankConfig> = z.strictObject({
  path: matching(/^\/[\w./-]*$/, "must be a path of plain segments"),
  sharedSecret: z.strictObject({
    entry: text.check(z.refine((value) => !isPattern(value), { error: "must be one entry" })),
    overlapSeconds: z.optional(z.int().check(z.minimum(0), z.maximum(604_800))),
  }),
  rules: z.array(
    z.strictObject({
      project: pattern,
      object: pattern,
      objectTypes: z.optional(z.array(text).check(z.minLength(1))),
      secrets: z.array(
        z.discriminatedUnion("type", [
          z.strictObject({
            type: z.literal("ENV"),
            key: matching(/^[A-Za-z_]\w*$/, "must be the name of a variable"),
            ...value,
          }),
          z.strictObject({
            type: z.literal("FILE"),
            path: text.check(z.refine(isPlainPath, { error: "must be an absolute path without . and .." })),
            encoding: z.optional(z.enum(["utf-8", "base64"])),
            owner: z.optional(owner),
            group: z.optional(owner),
            permissions: z.optional(z.strictObject({ policy: z.enum(["AlwaysSet", "KeepOrSet"]), mode })),
            ...value,
          }),
        ]),
      ),
    }),
  ),
});

function isPlainPath(path: string): boolean {
  const [first, ...segments] = path.split("/");
  const plain = (segment: string) => segment !== "" && segment !== "." && segment !== "..";
  return first === "" && segments.every(plain) && !path.includes("\0");
}

/** What no single field shows, whether or not the configuration fits its schema. */
export function findNorthflankContradictions(config: Fields): readonly string[] {
  if (config.northflank === undefined) return [];
  const { path, rules } = asRecord(config.northflank);
  const routes = asRecords(config.routes);
  const problems: string[] = [];
  if (routes.some(({ action }) => action === "rotate")) {
    problems.push("config.northflank: is for a configuration whose routes open");
  }
  if (path === "/healthz" || routes.some((route) => route.path === path)) {
    problems.push("config.northflank.path: is taken by a route or the health check");
  }
  return [
    ...problems,
    ...asRecords(rules).flatMap((rule, index) =>
      checkRule(rule, `config.northflank.rules[${index}]`, asRecord(config.sources)),
    ),
  ];
}

function checkRule(rule: Fields, at: string, sources: Fields): readonly string[] {
  const problems: string[] = [];
  const secrets = asRecords(rule.secrets);
  if (secrets.length > 0 && typeof rule.project === "string" && /^\*+$/.test(rule.project)) {
    problems.push(`${at}.project: must not be open in a rule that gives something`);
  }
  const seen = new Set<string>();
  secrets.forEach(({ type, key, path, source }, index) => {
    const here = `${at}.secrets[${index}]`;
    if (typeof source === "string" && !Object.hasOwn(sources, source)) {
      problems.push(`${here}.source: ${source} is not configured under config.sources`);
    }
    const given = `${type} ${type === "FILE" ? path : key}`;
    if (seen.has(given)) problems.push(`${here}: is given twice`);
    seen.add(given);
  });
  return problems;
}
