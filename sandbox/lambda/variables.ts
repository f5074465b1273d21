import path from "node:path";
import type { Session } from "../aws/account";
import type { LambdaFunction } from "../aws/functions";

export interface VariablesOptions {
  readonly fn: LambdaFunction;
  /** Of the function's role. */
  readonly session: Session;
  /** Where AWS's services answer. */
  readonly endpointUrl: string;
  readonly logStream: string;
  /** Where the code is. */
  readonly taskFolder: string;
  /** For `os.tmpdir()`. */
  readonly temporaryFolder: string;
}

/**
 * The whole environment of a function's process: what was deployed, what Lambda adds, and what makes AWS's SDKs
 * stay on this machine. Nothing is inherited.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function functionVariables(options: VariablesOptions): Record<string, string> {
  const { fn, session, taskFolder } = options;
  const { configuration, region } = fn;
  const nowhere = path.join(taskFolder, "..", "no-such-file");
  return {
    ...configuration.variables,
    _HANDLER: configuration.handler,
    AWS_ACCESS_KEY_ID: session.accessKeyId,
    AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
    AWS_SESSION_TOKEN: session.sessionToken ?? "",
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${configuration.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_FORMAT: configuration.logFormat,
    AWS_LAMBDA_LOG_GROUP_NAME: configuration.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: options.logStream,
    LAMBDA_TASK_ROOT: taskFolder,
    LANG: "en_US.UTF-8",
    PATH: "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    TZ: ":UTC",
    TMPDIR: options.temporaryFolder,
    AWS_ENDPOINT_URL: options.endpointUrl,
    AWS_CONFIG_FILE: nowhere,
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
}
