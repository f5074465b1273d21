import { isPattern } from "../lambda/access/pattern";
import { describeIssues } from "../lambda/issues";
import {
  findNorthflankContradictions,
  type NorthflankConfig,
  northflankSchema,
} from "../lambda/northflank/config";
import type { ArgumentIssue } from "./args";

/** Whose a file is that Northflank writes. */
export const AdapterNorthflankOwnerPolicy = {
  /** The user or group `value`, also of a file that is there already. */
  AlwaysSetExplicit: "AlwaysSetExplicit",
  /** The user or group `value` of a file that is new. */
  KeepOrSetExplicit: "KeepOrSetExplicit",
  /** That of the workload's main process, also of a file that is there already. */
  AlwaysSetInherited: "AlwaysSetInherited",
  /** That of the workload's main process, of a file that is new. */
  KeepOrSetInherited: "KeepOrSetInherited",
} as const;
export type AdapterNorthflankOwnerPolicy =
  (typeof AdapterNorthflankOwnerPolicy)[keyof typeof AdapterNorthflankOwnerPolicy];

/** Which files get a mode from Northflank. */
export const AdapterNorthflankModePolicy = {
  /** Also one that is there already. */
  AlwaysSet: "AlwaysSet",
  /** One that is new. */
  KeepOrSet: "KeepOrSet",
} as const;
export type AdapterNorthflankModePolicy =
  (typeof AdapterNorthflankModePolicy)[keyof typeof AdapterNorthflankModePolicy];

/** How a source's text holds a file. */
export const AdapterNorthflankEncoding = {
  /** As it is. */
  Utf8: "utf-8",
  /** In base64: the file is what that decodes to. */
  Base64: "base64",
} as const;
export type AdapterNorthflankEncoding =
  (typeof AdapterNorthflankEncoding)[keyof typeof AdapterNorthflankEncoding];

/** The user or the group of a file. */
export interface AdapterNorthflankOwnerArgs {
  /** Whose it is, and when that is set. */
  policy: AdapterNorthflankOwnerPolicy;
  /** A name or a number. Required with an explicit policy, and only there. */
  value?: string;
}

/** The mode of a file. */
export interface AdapterNorthflankModeArgs {
  /** When it is set. */
  policy: AdapterNorthflankModePolicy;
  /** Three or four octal digits: `0640`. */
  mode: string;
}

/** One variable or file of a workload, and where its value comes from. Exactly one of `key` and `path`. */
export interface AdapterNorthflankSecretArgs {
  /** The variable's name. */
  key?: string;
  /** The file's absolute path. */
  path?: string;
  /** The source asked: a built-in one, or one of those in `entry`. @default "secrets-manager" */
  source?: string;
  /**
   * What it is asked, as `request` of `fn::open::external` has it: `{ name: "app/staging/database", key: "url" }`. The
   * function may then read that. No secrets: it lies in plain text beside the code.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each source has its own requests, and schemas know no `unknown`
  request: Record<string, any>;
  /** The members that lead to the value in what the source answers. @default ["value"] */
  select?: string[];
  /** Only of a file. @default AdapterNorthflankEncoding.Utf8 */
  encoding?: AdapterNorthflankEncoding;
  /** Only of a file. @default Northflank's */
  owner?: AdapterNorthflankOwnerArgs;
  /** Only of a file. @default Northflank's */
  group?: AdapterNorthflankOwnerArgs;
  /** Only of a file. @default Northflank's */
  permissions?: AdapterNorthflankModeArgs;
}

/**
 * What workloads of Northflank get. Names are exact, or patterns in which `*` stands for a part of them. Where several
 * rules mean one workload it gets all of theirs; of the same variable or file the last one's.
 */
export interface AdapterNorthflankRuleArgs {
  /** The workload's project id. Open (`*`) only in a rule that gives nothing. */
  project: string;
  /** The id of the service or job. */
  object: string;
  /** The types of object that are meant, for instance `job`. @default any */
  objectTypes?: string[];
  /** May be empty: the workload is answered, with nothing. Northflank asks for every workload of a team. */
  secrets: AdapterNorthflankSecretArgs[];
}

/** Northflank's door: it asks for the variables and files of each workload that it starts. */
export interface AdapterNorthflankArgs {
  /**
   * Name or ARN of the Secrets Manager entry whose text Northflank signs its tokens with: 32 bytes at least, without a
   * line end. The function may then read it.
   */
  sharedSecret: string;
  /**
   * For how many seconds after a change the previous value is taken beside the current one: 0 to 604800.
   * @default 172800
   */
  overlapSeconds?: number;
  /** A workload that none of them means is refused. */
  rules: AdapterNorthflankRuleArgs[];
}

/** The path of Northflank's route. */
export const NORTHFLANK_PATH = "/northflank";

export const SECRETS_MANAGER = "secrets-manager";

/** The part of `config.json` that is about Northflank. */
export function renderNorthflank(args: AdapterNorthflankArgs): NorthflankConfig {
  const { sharedSecret, overlapSeconds, rules } = args;
  const config = {
    path: NORTHFLANK_PATH,
    sharedSecret: { entry: sharedSecret, overlapSeconds },
    rules: rules.map(({ secrets, ...rule }) => ({
      ...rule,
      secrets: secrets.map(({ key, path, source = SECRETS_MANAGER, ...secret }) => ({
        ...(key === undefined ? { type: "FILE", path } : { type: "ENV", key }),
        source,
        ...secret,
      })),
    })),
  };
  // Whether it fits is what `checkNorthflankArgs` tells.
  return JSON.parse(JSON.stringify(config)) as NorthflankConfig;
}

/** What is asked of sources for Northflank's sake. */
export function northflankRequests(args: AdapterNorthflankArgs | undefined) {
  return (args?.rules ?? []).flatMap(({ secrets }, rule) =>
    secrets.map(({ source = SECRETS_MANAGER, request }, index) => ({
      source,
      request,
      path: `northflank.rules[${rule}].secrets[${index}].request`,
    })),
  );
}

/** What the adapter would refuse at its start, said before anything is deployed. */
export function checkNorthflankArgs(args: AdapterNorthflankArgs | undefined): ArgumentIssue[] {
  if (args === undefined) return [];
  const issues: ArgumentIssue[] = [];
  args.rules.forEach(({ secrets }, rule) => {
    secrets.forEach(({ key, path }, index) => {
      if ((key === undefined) === (path === undefined)) {
        const at = `northflank.rules[${rule}].secrets[${index}]`;
        issues.push({ path: at, reason: "needs exactly one of key and path" });
      }
    });
  });
  if (isPattern(args.sharedSecret))
    issues.push({ path: "northflank.sharedSecret", reason: "must be one entry" });
  if (issues.length > 0) return issues;
  const northflank = renderNorthflank(args);
  const parsed = northflankSchema.safeParse(northflank);
  const sources = Object.fromEntries(northflankRequests(args).map(({ source }) => [source, {}]));
  return [
    ...(parsed.success ? [] : describeIssues(parsed.error.issues, "northflank")),
    ...findNorthflankContradictions({ northflank, sources }).map((line) => line.replace(/^config\./, "")),
  ].map((line) => {
    const [path = "", ...reason] = line.split(": ");
    return { path: path.replace("sharedSecret.entry", "sharedSecret"), reason: reason.join(": ") };
  });
}
