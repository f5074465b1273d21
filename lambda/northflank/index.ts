import type { Logger, RequestTrace } from "../audit/record";
import type { ResolvedConfig } from "../config";
import { type Deadline, inTime } from "../deadline";
import { AdapterError } from "../errors";
import type { AdapterRequest } from "../http";
import type { ConnectedSource } from "../sources/define-source";
import { fetchAnswer, renderAnswer } from "../sources/index";
import type { NorthflankConfig } from "./config";
import { createFindSecrets } from "./secrets";
import { createSharedSecrets, type ReadSharedSecret } from "./shared-secret";
import { checkNorthflankClaims, isSignedBy, northflankTokenHash, readNorthflankToken } from "./token";

/** Answers JSON text to a request on Northflank's route, or throws its refusal. */
export type AnswerNorthflank = (
  request: AdapterRequest,
  call: { readonly trace: RequestTrace; readonly deadline: Deadline },
) => Promise<string>;

export interface NorthflankOptions {
  readonly config: NorthflankConfig;
  readonly limits: ResolvedConfig["limits"];
  readonly clockSkewSeconds: number;
  readonly sources: ReadonlyMap<string, ConnectedSource>;
  readonly read: ReadSharedSecret;
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Northflank's protocol: `GET` with a token that it signed with the shared secret, answered by the variables and files
 * of the workload that the token names. In this order; the first check that fails decides, and no source is asked
 * before all of them hold. The token has no `jti`, so it works until it expires.
 *
 * @throws {AdapterConfigError} the shared secret is too short; a request does not fit its source
 */
export async function createNorthflank(options: NorthflankOptions): Promise<AnswerNorthflank> {
  const { config, limits, clockSkewSeconds, sources, read, now, log } = options;
  const findSecrets = createFindSecrets(config, sources);
  const sharedSecrets = await createSharedSecrets({
    ...config.sharedSecret,
    read,
    keepMilliseconds: limits.staleKeysSeconds * 1000,
    now,
    log,
  });

  return async (request, { trace, deadline }) => {
    const seconds = now() / 1000;
    if (request.method !== "GET") throw new AdapterError("method_not_allowed", "Northflank calls with GET");
    const token = readNorthflankToken(request.headers.authorization);
    const within = (work: () => Promise<readonly string[]>) =>
      inTime(work, deadline.remaining(), () => {
        return new AdapterError("not_configured", "Northflank's shared secret did not come in time");
      });
    if (
      !isSignedBy(token, await within(sharedSecrets.known)) &&
      !isSignedBy(token, await within(sharedSecrets.renewed))
    ) {
      throw new AdapterError("token_signature", "the signature does not hold");
    }
    const workload = checkNorthflankClaims(token, { now: seconds, clockSkewSeconds });
    trace.workload = { ...workload, tokenHash: northflankTokenHash(token) };
    const { names, collect } = findSecrets(workload);
    trace.asked = { action: "inject", names };
    const milliseconds = Math.min(limits.sourceMilliseconds, deadline.remaining());
    const answer = await collect((call) => fetchAnswer(call, milliseconds));
    return renderAnswer({ ...answer }, limits.answerBytes);
  };
}
