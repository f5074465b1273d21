import { createAdapter } from "../lambda/core";
import type { Adapter } from "../lambda/http";
import { type Call, type Reply, startAws } from "../test/adapter/support/aws";
import { configFor, escClaims, HEADER } from "../test/adapter/support/fixture";
import { forgeToken, startJwksServer } from "../test/adapter/support/issuer";
import { useAws } from "../test/sources/support";

const REQUESTS = 100;
const ENTRIES = 10;
const AT_ONCE = 20;
/** Of those without cache and batching. */
const GOAL = 1 / 20;

const nameOf = (index: number) => `app/staging/e${index % ENTRIES}`;

/**
 * Prints how many calls Secrets Manager gets for a hundred requests that ask the whole adapter for ten entries, with and
 * without cache and batching. Calls are counted where they arrive, so retries would count too.
 */
export async function benchSources(): Promise<void> {
  const jwks = await startJwksServer();
  const aws = await startAws(answerOf);
  const restore = useAws(aws.endpoint);
  try {
    const count = async (settings: { readonly cacheSeconds: number; readonly atOnce: number }) => {
      const config = configFor(jwks.uri, {
        access: [
          { environment: "app/staging", action: "open", source: "secrets-manager", names: ["app/staging/*"] },
        ],
        sources: { "secrets-manager": { cacheSeconds: settings.cacheSeconds } },
        limits: {},
      });
      const adapter = await createAdapter({ config, log: () => {} });
      aws.calls.length = 0;
      for (let begun = 0; begun < REQUESTS; begun += settings.atOnce) {
        const requests = Array.from({ length: settings.atOnce }, (_, index) =>
          ask(adapter, nameOf(begun + index)),
        );
        await Promise.all(requests);
      }
      return aws.calls.length;
    };
    const alone = await count({ cacheSeconds: 0, atOnce: 1 });
    const batched = await count({ cacheSeconds: 0, atOnce: AT_ONCE });
    const cached = await count({ cacheSeconds: 60, atOnce: 1 });
    const both = await count({ cacheSeconds: 60, atOnce: AT_ONCE });
    report("one after another, no cache", alone);
    report(`${AT_ONCE} at once, no cache: batching alone`, batched);
    report("one after another, as on Lambda, cache of 60 s", cached);
    report(`${AT_ONCE} at once, cache of 60 s`, both);
    const met = both <= alone * GOAL ? "met" : "MISSED";
    console.log(
      `both to neither: ${both} / ${alone} = ${(both / alone).toFixed(3)} (goal at most ${GOAL}: ${met})`,
    );
  } finally {
    restore();
    await Promise.all([aws.close(), jwks.close()]);
  }
}

function answerOf({ operation, input }: Call): Reply {
  const entry = (Name: unknown) => ({ Name, SecretString: "value" });
  if (operation === "GetSecretValue") return { status: 200, body: entry(input.SecretId) };
  return { status: 200, body: { SecretValues: (input.SecretIdList as string[]).map(entry), Errors: [] } };
}

async function ask(adapter: Adapter, name: string): Promise<void> {
  const body = JSON.stringify({ name });
  const token = forgeToken(HEADER, JSON.stringify(escClaims(body)), "issuer");
  const { status } = await adapter({
    method: "POST",
    path: "/open",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: Buffer.from(body),
    requestId: "bench",
  });
  if (status !== 200) throw new Error(`a valid request was answered ${status}`);
}

function report(what: string, calls: number): void {
  console.log(`source calls per ${REQUESTS} requests for ${ENTRIES} entries, ${what}: ${calls}`);
}
