/** Runs one contender of bench/adapter.ts in a process of its own, on one core. Driven over IPC. */
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as z from "zod/mini";
import { createAuditLog } from "../lambda/audit/log";
import { createMemoryReplayStore, type UsedTokens } from "../lambda/auth/replay-memory";
import type { AdapterConfig } from "../lambda/config";
import { createAdapter } from "../lambda/core";
import { createHandler } from "../lambda/handler";
import { defineSource } from "../lambda/sources/define-source";
import { createReferenceHandler, ReferenceValidator } from "./reference-adapter/index";

export interface Task {
  readonly contender: "adapter" | "reference" | "reference-shared" | "jose";
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly body: string;
  /** Valid tokens for `body`, each with its own `jti`. */
  readonly tokens: readonly string[];
  readonly milliseconds: number;
}

/** Answers one request with one token, or throws. */
type Contender = { readonly run: (token: string) => Promise<void>; readonly again?: () => void };

const WARM_UP_MILLISECONDS = 300;
const IN_FLIGHT = 20;

async function createContender(task: Task): Promise<Contender> {
  switch (task.contender) {
    case "adapter":
      return createOurs(task);
    case "jose": {
      const keys = createRemoteJWKSet(new URL(task.jwksUri));
      const options = { issuer: task.issuer, audience: task.audience, algorithms: ["RS256"] };
      return { run: async (token) => void (await jwtVerify(token, keys, options)) };
    }
    default: {
      const shared = new ReferenceValidator(task.jwksUri);
      const validatorFor = () =>
        task.contender === "reference" ? new ReferenceValidator(task.jwksUri) : shared;
      const { host, pathname } = new URL(task.audience);
      const handler = createReferenceHandler(validatorFor, async () => ({ value: "value" }));
      return {
        run: async (token) => {
          const headers = {
            Authorization: `Bearer ${token}`,
            Host: host,
            "Content-Type": "application/json",
          };
          const requestContext = { domainName: host, path: pathname };
          expect200((await handler({ headers, requestContext, body: task.body })).statusCode);
        },
      };
    }
  }
}

async function createOurs(task: Task): Promise<Contender> {
  const seen: UsedTokens = new Map();
  const { pathname } = new URL(task.audience);
  const config: AdapterConfig = {
    organization: "acme",
    issuers: [{ issuer: task.issuer, jwksUri: task.jwksUri }],
    routes: [{ path: pathname, action: "open", audience: task.audience }],
    access: [{ environment: "app/staging", action: "open", source: "vault", names: ["database"] }],
    sources: { vault: {} },
    replay: { store: "memory" },
  };
  const vault = defineSource<object, { name: string }>({
    name: "vault",
    request: z.strictObject({ name: z.string() }),
    names: ({ name }) => [name],
    connect: async () => async () => ({ value: "value" }),
  });
  const adapter = createAdapter({
    config,
    sources: [vault],
    replayStore: createMemoryReplayStore(seen),
    // As on Lambda: a record and its metrics for every request.
    log: createAuditLog({ service: "adapter", metrics: true }),
  });
  const handler = createHandler(adapter);
  return {
    run: async (token) => {
      const { statusCode } = await handler({
        version: "2.0",
        rawPath: pathname,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: task.body,
        isBase64Encoded: false,
        requestContext: { requestId: "request-1", http: { method: "POST" } },
      });
      expect200(statusCode);
    },
    // The tokens go round: without this the second round would be replays.
    again: () => seen.clear(),
  };
}

function expect200(status: number): void {
  if (status !== 200) throw new Error(`a valid request was answered ${status}`);
}

/**
 * Requests per second of one core, counted in processor time: another process on that core, or the wait for the
 * key server, is not the contender's work.
 */
async function requestsPerSecond(task: Task): Promise<number> {
  const { run, again } = await createContender(task);
  const runFor = async (milliseconds: number): Promise<number> => {
    const before = process.cpuUsage();
    for (let done = 0; ; ) {
      again?.();
      for (let at = 0; at < task.tokens.length; at += IN_FLIGHT) {
        const batch = task.tokens.slice(at, at + IN_FLIGHT);
        await Promise.all(batch.map(run));
        done += batch.length;
        const { user, system } = process.cpuUsage(before);
        const spent = (user + system) / 1000;
        if (spent >= milliseconds) return (done / spent) * 1000;
      }
    }
  };
  await runFor(WARM_UP_MILLISECONDS);
  return runFor(task.milliseconds);
}

process.once("message", async (task: Task) => {
  process.send?.(await requestsPerSecond(task));
  process.disconnect();
});

/** What is bundled has to export one; this is driven over IPC. */
export const handler = undefined;
