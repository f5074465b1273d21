import type { Account, Session } from "../aws/account";
import { makeArn } from "../aws/account";
import type { Authorizer } from "../aws/authorize";
import { AwsError } from "../aws/errors";
import type { LambdaFunction } from "../aws/functions";
import { createLogGroup, type LogGroup } from "../aws/log-groups";

export interface FunctionLogOptions {
  readonly account: Account;
  readonly authorizer: Authorizer;
  readonly fn: LambdaFunction;
  /** Of the function's role. */
  readonly session: Session;
  readonly stream: string;
}

/**
 * Opens a stream in a function's log group and returns what writes to it. Lambda logs in the name of the function's
 * role: where the role may not, lines are lost, and only the decision says so.
 */
export function openFunctionLog(options: FunctionLogOptions): (line: string) => void {
  const { account, stream } = options;
  try {
    const { events } = openGroup(options);
    return (message) => void events.push({ stream, at: new Date(account.now()), message });
  } catch (error) {
    if (error instanceof AwsError) return () => {};
    throw error;
  }
}

function openGroup({ account, authorizer, fn, session, stream }: FunctionLogOptions): LogGroup {
  const name = fn.configuration.logGroupName;
  const arn = makeArn(account, "logs", fn.region, `log-group:${name}`);
  const require = (operation: string, resource: string) =>
    authorizer.require(session, fn.region, { action: `logs:${operation}`, resource });
  if (!account.logGroups.has(arn)) require("CreateLogGroup", `${arn}:*`);
  require("CreateLogStream", `${arn}:log-stream:${stream}`);
  require("PutLogEvents", `${arn}:log-stream:${stream}`);
  return account.logGroups.get(arn) ?? createLogGroup(account, { name, region: fn.region });
}
