import { randomBytes } from "node:crypto";
import { openAdministratorSession } from "./aws";
import type { LaptopCloud } from "./cloud";
import { createEscServer } from "./pulumi";

export interface ServeOptions {
  readonly cloud: LaptopCloud;
  /** A loopback address. */
  readonly host: string;
  /** Of the ESC service; 0 takes a free one. */
  readonly port: number;
  /** The AWS region that clients talk to when they do not say. */
  readonly region: string;
  /** The adapter's address as the definitions have it, which is its audience too. @default there is none */
  readonly adapterUrl?: string;
}

/** A cloud that answers. `variables` are what clients need, for an env file. */
export interface Served {
  readonly variables: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Minutes are the least that a schedule knows. */
const SCHEDULES_MILLISECONDS = 30_000;

/**
 * Puts the cloud's services at the disposal of clients outside this process. What it hands out opens this cloud
 * alone, which ends with the process.
 */
export async function serve({ cloud, host, port, region, adapterUrl }: ServeOptions): Promise<Served> {
  const accessToken = `pul-${randomBytes(20).toString("hex")}`;
  const esc = createEscServer({ service: cloud.esc, accessToken });
  const address = await esc.start({ host, port });
  const administrator = openAdministratorSession(cloud.account);
  const schedules = setInterval(() => {
    cloud.runSchedules().catch(({ message }: Error) => {
      process.stderr.write(`a schedule could not be acted on: ${message}\n`);
    });
  }, SCHEDULES_MILLISECONDS);
  schedules.unref();
  return {
    variables: {
      PULUMI_BACKEND_URL: address,
      PULUMI_ACCESS_TOKEN: accessToken,
      PULUMI_ORG: cloud.organization,
      AWS_ENDPOINT_URL: cloud.aws.url,
      AWS_REGION: region,
      // The AWS CLI reads this one only.
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: administrator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: administrator.secretAccessKey,
      // Where staging's adapter answers on this machine, and the address that its tokens are for.
      ...(adapterUrl !== undefined && {
        ADAPTER_URL: cloud.routes.resolve(adapterUrl).href,
        ADAPTER_AUDIENCE: adapterUrl,
      }),
    },
    stop: () => {
      clearInterval(schedules);
      return esc.stop();
    },
  };
}
