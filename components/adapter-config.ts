import * as pulumi from "@pulumi/pulumi";
import {
  compilePattern,
  describeEnvironmentPattern,
  describeNamePattern,
  isPattern,
} from "../lambda/access/pattern";
import type { AdapterConfig } from "../lambda/config";
import { PULUMI_ISSUER } from "../trust/index";
import {
  type AdapterNorthflankArgs,
  checkNorthflankArgs,
  northflankRequests,
  renderNorthflank,
  SECRETS_MANAGER,
} from "./adapter-northflank";
import type { ArgumentIssue } from "./args";

/** One thing that the adapter may be asked for. */
export interface AdapterEntryArgs {
  /**
   * What the source calls that which the environment's `request` asks for: for Secrets Manager the entry's name,
   * `project/stage/name`, or a pattern of names, `project/stage/*`.
   */
  name: string;
  /**
   * The Secrets Manager entry, which the function may then read. Required for that source and an exact name, and only
   * there: what a pattern lets the function read follows from the pattern.
   */
  arn?: pulumi.Input<string>;
}

/**
 * What one ESC environment may ask; what no rule allows is refused. Values are exact, or patterns in which `*` stands
 * for a part of one segment: `app/pr-*`. It never crosses a `/`.
 */
export interface AdapterRuleArgs {
  /**
   * Where `fn::open::external` is written, as `project/environment`. It stands for all revisions: the adapter
   * cuts `@live` and the like off before it compares.
   */
  environment: string;
  /** What must have been opened, as `project/environment`. @default whatever imports `environment` */
  rootEnvironment?: string;
  /** The source asked: the built-in one, or one of the sources in `entry`. @default "secrets-manager" */
  source?: string;
  /** At least one. */
  entries: AdapterEntryArgs[];
}

/** An issuer whose tokens the adapter takes. */
export interface AdapterIssuerArgs {
  /** The token's `iss`, compared byte for byte. */
  issuer: string;
  /** Where the issuer publishes its keys, `https://…`. Either this or `keys`. */
  jwksUri?: string;
  /**
   * The issuer's public RSA keys as JSON Web Keys (`kty`, `kid`, `n`, `e`), pinned: nothing is fetched, and a new key of
   * the issuer is refused until it is listed here. @default they are fetched
   */
  keys?: Record<string, string>[];
}

/** What decides the content of `config.json`. */
export interface AdapterConfigArgs {
  /** The one Pulumi organization whose environments may call. */
  organization: string;
  rules: AdapterRuleArgs[];
  /** @default Pulumi Cloud, in both spellings that its documentation gives */
  issuers?: AdapterIssuerArgs[];
  /**
   * Settings of sources, by source: JSON objects, for instance `{ "secrets-manager": { cacheSeconds: 30 } }`. No secrets:
   * they lie in plain text beside the code. The function gets what the sources' `statements` ask for.
   * @default {} for every source that a rule names
   */
  // biome-ignore lint/suspicious/noExplicitAny: each source has its own settings, and schemas know no `unknown`
  sourceSettings?: pulumi.Input<Record<string, any>>;
  /** A second door, for workloads of Northflank: at `northflankUrl`. @default there is none */
  northflank?: AdapterNorthflankArgs;
}

const PULUMI_JWKS = `${PULUMI_ISSUER}/.well-known/jwks`;
export const PULUMI_ISSUERS: AdapterIssuerArgs[] = [
  { issuer: PULUMI_ISSUER, jwksUri: PULUMI_JWKS },
  { issuer: "https://api.pulumi.com", jwksUri: PULUMI_JWKS },
];

/** The path of the route that opens. */
export const OPEN_PATH = "/open";

/** The text of `config.json`, laid out so that a preview's diff shows which rule changes. */
export function renderAdapterConfig(
  args: AdapterConfigArgs,
  names: {
    readonly audienceParameter: string;
    readonly replayTable: string;
    /** The address, when it is known before the function: then there is no parameter. */
    readonly audience: pulumi.Output<string> | undefined;
  },
): pulumi.Output<string> {
  return pulumi.all([sourceSettingsOf(args), names.audience]).apply(([settings, audience]) => {
    const config: AdapterConfig = {
      organization: args.organization,
      issuers: (args.issuers ?? PULUMI_ISSUERS) as AdapterConfig["issuers"],
      routes: [
        {
          path: OPEN_PATH,
          action: "open",
          ...(audience === undefined ? { audienceParameter: names.audienceParameter } : { audience }),
        },
      ],
      access: args.rules.map(({ environment, rootEnvironment, source = SECRETS_MANAGER, entries }) => ({
        environment,
        rootEnvironment,
        action: "open",
        source,
        names: entries.map(({ name }) => name),
      })),
      sources: settings,
      northflank: args.northflank && renderNorthflank(args.northflank),
      replay: { store: "dynamodb", table: names.replayTable },
    };
    return pulumi.jsonStringify(config, undefined, 2);
  });
}

/** The settings of every source that something names. */
export function sourceSettingsOf(args: AdapterConfigArgs): pulumi.Output<Record<string, unknown>> {
  const ruled = args.rules.map(({ source = SECRETS_MANAGER }) => source);
  const asked = northflankRequests(args.northflank).map(({ source }) => source);
  const named = Object.fromEntries([...ruled, ...asked].map((source) => [source, {}]));
  return pulumi.output(args.sourceSettings ?? {}).apply((settings) => ({ ...named, ...settings }));
}

/** What the adapter would refuse at its start, said before anything is deployed. */
export function checkAdapterConfigArgs(args: AdapterConfigArgs): ArgumentIssue[] {
  const { organization, rules, issuers, northflank } = args;
  const issues = checkNorthflankArgs(northflank);
  issues.push(...rules.flatMap((rule, index) => checkRule(rule, `rules[${index}]`, organization)));
  if (!/^[\w.-]+$/.test(organization)) {
    issues.push({
      path: "organization",
      reason: `"${organization}" must be the name of a Pulumi organization`,
    });
  }
  issuers?.forEach(({ issuer, jwksUri, keys }, index) => {
    for (const [field, value] of Object.entries({ issuer, jwksUri })) {
      if (value !== undefined && !/^https:\/\/\S+$/.test(value)) {
        issues.push({ path: `issuers[${index}].${field}`, reason: `"${value}" must be an https:// URL` });
      }
    }
    if ((jwksUri === undefined) === (keys === undefined)) {
      issues.push({ path: `issuers[${index}]`, reason: "needs exactly one of jwksUri and keys" });
    }
  });
  if (issuers?.length === 0) issues.push({ path: "issuers", reason: "must name at least one" });
  return issues;
}

function checkRule(rule: AdapterRuleArgs, path: string, organization: string): ArgumentIssue[] {
  const { environment, rootEnvironment, source = SECRETS_MANAGER, entries } = rule;
  const issues: ArgumentIssue[] = [];
  for (const [field, name] of Object.entries({ environment, rootEnvironment })) {
    if (name === undefined) continue;
    const problem = describeEnvironmentPattern(name);
    if (problem !== undefined) {
      issues.push({ path: `${path}.${field}`, reason: `"${name}" ${problem}, without revision` });
    } else if (compilePattern(name.slice(0, name.indexOf("/")))(organization)) {
      issues.push({
        path: `${path}.${field}`,
        reason: "its project is named like the organization, which ESC's names cannot tell apart",
      });
    }
  }
  if (entries.length === 0) issues.push({ path: `${path}.entries`, reason: "must name at least one" });
  entries.forEach(({ name, arn }, index) => {
    const at = `${path}.entries[${index}]`;
    const problem = name === "" ? "must not be empty" : describeNamePattern(name);
    if (problem !== undefined) issues.push({ path: `${at}.name`, reason: `"${name}" ${problem}` });
    if ((source === SECRETS_MANAGER && !isPattern(name)) !== (arn !== undefined)) {
      issues.push({
        path: `${at}.arn`,
        reason: `is required for the source ${SECRETS_MANAGER} and an exact name, and only there`,
      });
    }
  });
  return issues;
}
