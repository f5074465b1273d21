import { type Account, makeArn, type Tags } from "./account";
import { AwsError } from "./errors";

/** One line that something has logged. */
export interface LogEvent {
  readonly stream: string;
  readonly at: Date;
  readonly message: string;
}

/** A CloudWatch log group, with what was logged to it, oldest first. */
export interface LogGroup {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  /** 0 keeps events for ever. Nothing expires here. */
  retentionDays: number;
  kmsKeyId: string | undefined;
  tags: Tags;
  readonly events: LogEvent[];
}

/** What `createLogGroup` makes. */
export interface NewLogGroup {
  readonly name: string;
  readonly region: string;
  /** @default 0 */
  readonly retentionDays?: number;
  /** ARN of a key. */
  readonly kmsKeyId?: string;
  readonly tags?: Tags;
}

/**
 * Makes a log group.
 * @throws {InvalidParameterException} {ResourceAlreadyExistsException}
 */
export function createLogGroup(account: Account, group: NewLogGroup): LogGroup {
  const { name, region, retentionDays = 0 } = group;
  checkLogGroup(group);
  const arn = makeArn(account, "logs", region, `log-group:${name}`);
  if (account.logGroups.has(arn)) {
    throw new AwsError("ResourceAlreadyExistsException", "The specified log group already exists");
  }
  const created: LogGroup = {
    name,
    arn,
    region,
    retentionDays,
    kmsKeyId: group.kmsKeyId,
    tags: group.tags ?? {},
    events: [],
  };
  account.logGroups.set(arn, created);
  return created;
}

/** Source: the service's API reference, version 2014-03-28, `PutRetentionPolicy`; 0 is Pulumi's "for ever". */
const retentionDays = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** What CloudWatch Logs says of a group before it looks at the account; what is not known yet is left out. */
export function checkLogGroup({ name, retentionDays: days }: Partial<NewLogGroup>): void {
  if (name !== undefined && !/^[\w./#-]{1,512}$/.test(name)) {
    throw new AwsError(
      "InvalidParameterException",
      `1 validation error detected: Value '${name}' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+`,
    );
  }
  if (days !== undefined && !retentionDays.includes(days)) {
    throw new AwsError("InvalidParameterException", `${days} days is no retention that can be set`);
  }
}
