import { randomBytes } from "node:crypto";
import type { LaptopCloud } from "./cloud";
import { createEscServer } from "./pulumi/index";

export interface ServeOptions {
  readonly cloud: LaptopCloud;
  /** A loopback address. */
  readonly host: string;
  /** Of the ESC service; 0 takes a free one. */
  readonly port: number;
}

/** A cloud that answers. `variables` are what clients need, for an env file. */
export interface Served {
  readonly variables: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Puts the cloud's services on loopback ports, for clients outside this process. */
export async function serve({ cloud, host, port }: ServeOptions): Promise<Served> {
  // Made anew for each run, so that no token of an earlier one opens anything.
  const accessToken = `pul-${randomBytes(20).toString("hex")}`;
  const esc = createEscServer({ service: cloud.esc, accessToken });
  const address = await esc.start({ host, port });
  return {
    variables: {
      PULUMI_BACKEND_URL: address,
      PULUMI_ACCESS_TOKEN: accessToken,
      PULUMI_ORG: cloud.organization,
    },
    stop: () => esc.stop(),
  };
}
