import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type SecretFile, type WrittenFile, writeSecretFile } from "./files";
import { signWorkloadToken, type Workload } from "./token";

export interface JobOptions {
  readonly workload: Workload;
  /** The adapter's address for Northflank. */
  readonly url: string;
  readonly sharedSecret: string;
  /** Knows the way from that address to this machine. */
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** An empty folder that stands for the root of the job's file system. */
  readonly root: string;
  /** What the job runs, in JavaScript: with the variables, and with the root as its first argument. */
  readonly program: string;
}

/** A job that ran, or the adapter's refusal, after which none does. */
export type JobRun =
  | {
      readonly started: true;
      readonly variables: readonly string[];
      readonly files: readonly WrittenFile[];
      readonly output: string;
    }
  | { readonly started: false; readonly status: number; readonly code: string };

type Secret =
  | { readonly type: "ENV"; readonly key: string; readonly value: string }
  | ({ readonly type: "FILE" } & SecretFile);

/**
 * Starts a job as Northflank does: it asks the adapter for the job's variables and files, lays the files down with their
 * modes and owners, and runs the job in a process that has these variables and no others.
 *
 * @throws Error for a file that cannot be laid down, or a job that fails
 */
export async function startJob(options: JobOptions): Promise<JobRun> {
  const { workload, url, sharedSecret, fetch, now, root, program } = options;
  const token = signWorkloadToken(workload, sharedSecret, now);
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const answer = (await response.json()) as { readonly code?: string; readonly secrets?: readonly Secret[] };
  if (!response.ok || answer.secrets === undefined) {
    return { started: false, status: response.status, code: String(answer.code) };
  }
  const { getuid = () => 0, getgid = () => 0 } = process;
  const [uid, gid] = [getuid(), getgid()];
  const files = answer.secrets.flatMap((secret) =>
    secret.type === "FILE" ? [writeSecretFile({ root, uid, gid, mayChown: uid === 0 }, secret)] : [],
  );
  const variables = Object.fromEntries(
    answer.secrets.flatMap((secret) => (secret.type === "ENV" ? [[secret.key, secret.value]] : [])),
  );
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", program, root], {
    env: variables,
    cwd: root,
  });
  return { started: true, variables: Object.keys(variables), files, output: stdout };
}
