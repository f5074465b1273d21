import { GetParameterCommand, GetParametersByPathCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AdapterError } from "../errors";
import { fromAwsError } from "./aws-errors";
import type { Fetch } from "./define-source";
import type { ParameterStoreRequest } from "./parameter-store";

/** More than an answer of 1 MiB has any use for: a page holds at most ten parameters. */
const MAX_PAGES = 50;

/** The reading part of the Parameter Store source, apart from its definition because it loads the AWS client. */
export function createParameterStoreFetch(region: string | undefined): Fetch<ParameterStoreRequest> {
  const client = new SSMClient({
    ...(region && { region }),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
  const failed = (error: unknown): never => {
    throw fromAwsError(error);
  };

  async function readName(name: string, abortSignal: AbortSignal): Promise<string> {
    const command = new GetParameterCommand({ Name: name, WithDecryption: true });
    const { Parameter } = await client.send(command, { abortSignal }).catch(failed);
    if (Parameter?.Value === undefined) throw notFound("the parameter has no value");
    return Parameter.Value;
  }

  /** By name below the path. A page may be empty and still not the last. */
  async function readPath(path: string, abortSignal: AbortSignal): Promise<Map<string, string>> {
    const values = new Map<string, string>();
    let NextToken: string | undefined;
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const command = new GetParametersByPathCommand({
        Path: path,
        Recursive: true,
        WithDecryption: true,
        NextToken,
      });
      const answer = await client.send(command, { abortSignal }).catch(failed);
      for (const { Name = "", Value } of answer.Parameters ?? []) {
        if (Value !== undefined) values.set(Name.slice(path.length + 1), Value);
      }
      NextToken = answer.NextToken;
      if (NextToken === undefined) return values;
    }
    throw new AdapterError("source_too_large", `the path has more than ${MAX_PAGES} pages of parameters`);
  }

  return async (request, { signal }) => {
    if ("name" in request) return { value: await readName(request.name, signal) };
    const values = await readPath(request.path, signal);
    // A path that is misspelled is as empty as one that has nothing.
    if (values.size === 0) throw notFound("there is no parameter below the path");
    return { values: Object.fromEntries(values) };
  };
}

function notFound(why: string): AdapterError {
  return new AdapterError("source_not_found", why);
}
