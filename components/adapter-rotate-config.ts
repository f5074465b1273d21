import * as pulumi from "@pulumi/pulumi";
import type { AdapterConfig } from "../lambda/config";
import { type AdapterIssuerArgs, PULUMI_ISSUERS } from "./adapter-config";
import type { ArgumentIssue } from "./args";

/** One credential that is rotated. */
export interface AdapterTargetArgs {
  /** As the environment's `request.target` spells it: letters, digits, `_`, `.` and `-`. */
  name: string;
  /** The one ESC environment that rotates it, as `project/environment`: where `fn::rotate::external` is written. */
  environment: string;
  /** The built-in rotator, or one of those in `entry`. @default "postgres" */
  rotator?: string;
  /**
   * The rotator's settings of this target, a JSON object. No secrets: they lie in plain text beside the code; what
   * administers the target is an entry that the settings name.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each rotator has its own settings, and schemas know no `unknown`
  settings: pulumi.Input<Record<string, any>>;
  /** ARNs of the Secrets Manager entries that the settings name, which the function may then read. */
  entryArns?: pulumi.Input<string>[];
  /** An alarm rings and an event is sent when it was not rotated for so many hours. @default 840, which is 35 days */
  overdueHours?: number;
  /** `status` says so when it was rotated twice within so many hours: twice the staleness of its slowest consumer. @default 4 */
  soonHours?: number;
}

/** What decides the content of the rotating function's `config.json`. */
export interface AdapterRotateConfigArgs {
  /** The one Pulumi organization whose environments may call. */
  organization: string;
  /** At least one. */
  targets: AdapterTargetArgs[];
  /** @default Pulumi Cloud, in both spellings that its documentation gives */
  issuers?: AdapterIssuerArgs[];
  /**
   * Name or ARN of the EventBridge bus that is told of each rotation, of what failed and of what is overdue, so that consumers
   * can restart. @default "default", the account's own
   */
  eventBus?: pulumi.Input<string>;
}

export const DEFAULT_EVENT_BUS = "default";

/** The path of the route that rotates. */
export const ROTATE_PATH = "/rotate";

const POSTGRES = "postgres";

/** What the journal calls a target. */
export function targetId({ rotator = POSTGRES, name }: AdapterTargetArgs): string {
  return `${rotator}/${name}`;
}

/** The text of `config.json`, laid out so that a preview's diff shows what changes. */
export function renderRotateConfig(
  args: AdapterRotateConfigArgs,
  names: {
    readonly audienceParameter: string;
    readonly replayTable: string;
    readonly journalTable: string;
    readonly entryPrefix: string;
    readonly timeoutSeconds: number;
    /** The address, when it is known before the function: then there is no parameter. */
    readonly audience: pulumi.Output<string> | undefined;
  },
): pulumi.Output<string> {
  const settings = pulumi.all(args.targets.map(({ settings }) => settings));
  const eventBus = args.eventBus ?? DEFAULT_EVENT_BUS;
  const expectations = Object.fromEntries(
    args.targets.flatMap((target) => {
      const { overdueHours, soonHours } = target;
      const expectation = {
        ...(overdueHours !== undefined && { overdueHours }),
        ...(soonHours !== undefined && { soonHours }),
      };
      return Object.keys(expectation).length === 0 ? [] : [[targetId(target), expectation] as const];
    }),
  );
  return pulumi.all([settings, names.audience, eventBus]).apply(([settings, audience, eventBus]) => {
    const rotators: Record<string, Record<string, unknown>> = {};
    args.targets.forEach(({ rotator = POSTGRES, name }, index) => {
      rotators[rotator] = { ...rotators[rotator], [name]: settings[index] };
    });
    const config: AdapterConfig = {
      organization: args.organization,
      issuers: (args.issuers ?? PULUMI_ISSUERS) as AdapterConfig["issuers"],
      routes: [
        {
          path: ROTATE_PATH,
          action: "rotate",
          ...(audience === undefined ? { audienceParameter: names.audienceParameter } : { audience }),
        },
      ],
      access: args.targets.map(({ environment, rotator = POSTGRES, name }) => ({
        environment,
        action: "rotate",
        source: rotator,
        names: [name],
      })),
      sources: {},
      rotators,
      journal: { table: names.journalTable, entryPrefix: names.entryPrefix },
      rotation: { eventBus, ...(Object.keys(expectations).length > 0 && { expectations }) },
      replay: { store: "dynamodb", table: names.replayTable },
      // A lease outlives this: whoever has it next finds nobody at work.
      limits: { requestMilliseconds: names.timeoutSeconds * 1000 },
    };
    return pulumi.jsonStringify(config, undefined, 2);
  });
}

/** What the function would refuse at its start, as far as it can be told before anything is deployed. */
export function checkRotateConfigArgs({
  organization,
  targets,
  issuers,
}: AdapterRotateConfigArgs): ArgumentIssue[] {
  const issues: ArgumentIssue[] = [];
  if (!/^[\w.-]+$/.test(organization)) {
    issues.push({
      path: "organization",
      reason: `"${organization}" must be the name of a Pulumi organization`,
    });
  }
  if (targets.length === 0) issues.push({ path: "targets", reason: "must name at least one" });
  if (issuers?.length === 0) issues.push({ path: "issuers", reason: "must name at least one" });
  const seen = new Set<string>();
  targets.forEach((target, index) => {
    const at = `targets[${index}]`;
    const { name, environment, rotator = POSTGRES } = target;
    for (const [field, text] of Object.entries({ name, rotator })) {
      if (!/^[\w.-]+$/.test(text)) {
        issues.push({
          path: `${at}.${field}`,
          reason: `"${text}" must be letters, digits, "_", "." and "-"`,
        });
      }
    }
    if (!/^[\w.-]+\/[\w.-]+$/.test(environment)) {
      issues.push({
        path: `${at}.environment`,
        reason: `"${environment}" must be project/environment, exactly one: two may not rotate the same credential`,
      });
    } else if (environment.startsWith(`${organization}/`)) {
      issues.push({
        path: `${at}.environment`,
        reason: "its project is named like the organization, which ESC's names cannot tell apart",
      });
    }
    for (const field of ["overdueHours", "soonHours"] as const) {
      const hours = target[field];
      if (hours === undefined || (Number.isInteger(hours) && hours >= 1 && hours <= 87_600)) continue;
      issues.push({ path: `${at}.${field}`, reason: `${hours} must be a whole number from 1 to 87600` });
    }
    if (seen.has(targetId(target))) {
      issues.push({
        path: `${at}.name`,
        reason: `"${name}" is given twice: a target belongs to one environment`,
      });
    }
    seen.add(targetId(target));
  });
  return issues;
}
