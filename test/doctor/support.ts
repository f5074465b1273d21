import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { doctorCommand } from "../../cli/commands/doctor";
import type { Report } from "../../cli/doctor/doctor";
import { CommandFailure } from "../../cli/exit";
import type { Adapter } from "../../lambda/http";
import { createAdapterServer } from "../../lambda/server";
import { openAdministratorSession } from "../../sandbox/aws";
import { secretsManagerClient } from "../../sandbox/aws-clients";
import { LaptopCloud, type LaptopCloudOptions } from "../../sandbox/cloud";
import { createEscServer, type EscServer } from "../../sandbox/pulumi";
import { escSubjects, escTrustPolicy } from "../../trust";
import { provisioner } from "../aws/provision";

/** A cloud in which things are made to go wrong, and the doctor in front of it. */
export class Ward {
  readonly cloud: LaptopCloud;
  readonly accessToken: string;
  readonly url: string;
  readonly #esc: EscServer;
  readonly #servers: Server[] = [];

  private constructor(cloud: LaptopCloud, esc: EscServer, url: string, accessToken: string) {
    this.cloud = cloud;
    this.#esc = esc;
    this.url = url;
    this.accessToken = accessToken;
  }

  static async open(options: LaptopCloudOptions = {}): Promise<Ward> {
    const cloud = await LaptopCloud.start(options);
    const accessToken = `pul-${randomBytes(20).toString("hex")}`;
    const esc = createEscServer({ service: cloud.esc, accessToken });
    return new Ward(cloud, esc, await esc.start(), accessToken);
  }

  /** What a program makes in the account. */
  create(type: string, name: string, inputs: Record<string, unknown>) {
    return provisioner(this.cloud.account).create(`aws:${type}`, name, inputs);
  }

  /** Pulumi's issuer in the account, for this organization. */
  trustPulumi() {
    const inputs = { url: "https://api.pulumi.com/oidc", clientIdLists: ["aws:acme"] };
    return this.create("iam/openIdConnectProvider:OpenIdConnectProvider", "pulumi", inputs);
  }

  /** A role that trusts one environment and may read the shop's entries. */
  async role(name: string, environment: string, more: Record<string, unknown> = {}): Promise<string> {
    const policy = escTrustPolicy({
      providerArn: `arn:aws:iam::${this.cloud.account.id}:oidc-provider/api.pulumi.com/oidc`,
      audience: "aws:acme",
      subjects: escSubjects({
        organization: "acme",
        environment,
        subjectAttributes: ["currentEnvironment.name"],
      }),
    });
    const { outputs } = await this.create("iam/role:Role", name, {
      name,
      assumeRolePolicy: JSON.stringify(policy),
      ...more,
    });
    const entry = {
      Effect: "Allow",
      Action: "secretsmanager:GetSecretValue",
      Resource: "arn:aws:secretsmanager:*:*:secret:shop/*",
    };
    await this.create("iam/rolePolicy:RolePolicy", `${name}-reads`, {
      name: "reads",
      role: name,
      policy: JSON.stringify({ Version: "2012-10-17", Statement: [entry] }),
    });
    return String(outputs.arn);
  }

  /** An entry, with a value or without. */
  async entry(name: string, value?: string): Promise<void> {
    const { id } = await this.create("secretsmanager/secret:Secret", name, { name });
    if (value === undefined) return;
    const options = this.cloud.awsClientOptions(this.cloud.account.region);
    const client = secretsManagerClient(options, openAdministratorSession(this.cloud.account));
    await client.send(new PutSecretValueCommand({ SecretId: id, SecretString: value }));
  }

  /** An environment `project/name` with a definition that may not open. */
  async environment(name: string, yaml: string): Promise<void> {
    const [project = "", environment = ""] = name.split("/");
    const id = { organization: "acme", project, name: environment };
    this.cloud.esc.store.create(id);
    await this.cloud.esc.store.update(id, yaml);
  }

  /** Puts an adapter behind an address. */
  async serve(origin: string, adapter: Adapter): Promise<void> {
    const server = createAdapterServer(adapter);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#servers.push(server);
    this.cloud.routes.set(origin, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  /** What `escapement doctor … --json` prints, and its exit code. */
  async examine(
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<Report & { readonly code: number; readonly text: string }> {
    const before = { ...process.env };
    Object.assign(
      process.env,
      { PULUMI_BACKEND_URL: this.url, PULUMI_ACCESS_TOKEN: this.accessToken },
      variables,
    );
    let text = "";
    let code = 0;
    try {
      const command = doctorCommand((printed) => {
        text += printed;
      });
      await command.exitOverride().parseAsync([...args, "--json"], { from: "user" });
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      code = error.exitCode;
      text ||= JSON.stringify({ environment: "", ok: false, fine: [], diagnoses: [], error: error.message });
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
    }
    return { ...(JSON.parse(text) as Report), code, text };
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    await this.#esc.stop();
    await this.cloud.stop();
  }
}

/** A definition that reads one entry with a login. */
export function readsEntry(roleArn: string, secretId: string, login: string = 'duration: "1h"'): string {
  return `values:
  secrets:
    fn::open::aws-secrets:
      region: us-east-1
      login:
        fn::open::aws-login:
          oidc:
            roleArn: ${roleArn}
            sessionName: esc
            subjectAttributes: [currentEnvironment.name]
            ${login}
      get:
        database: { secretId: ${secretId} }
  environmentVariables:
    DATABASE: \${secrets.database}
`;
}

/** A definition that asks an adapter. */
export function asksAdapter(url: string, name = "partner"): string {
  return `values:
  partner:
    fn::open::external:
      url: ${url}
      request: { source: echo, name: ${name} }
  environmentVariables:
    PARTNER: \${partner.response.value}
`;
}
