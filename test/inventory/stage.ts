import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createEscClient, type EscClient } from "../../cli/esc-client";
import { base, dev, prod, staging } from "../../esc/environments";
import { inventory } from "../../esc/inventory";
import { entryText } from "../../esc/inventory/entry";
import { makeUp, type Random } from "../../esc/inventory/forms";
import { formOf, selectItems } from "../../esc/inventory/select";
import { prod as oceanidProd } from "../../examples/oceanid/environment";
import { inventory as oceanid } from "../../examples/oceanid/inventory";
import { secret, startSandbox, type TestSandbox } from "../../sandbox/testing";

const project = "shop";
const REGION = "eu-west-1";

/** The seed's list, as an environment of the same service. */
export const oceanidYaml = oceanidProd({
  region: REGION,
  loginRoleArn: "arn:aws:iam::123456789012:role/oceanid",
}).render();

const definers = { staging, prod } as const;

/** The environments of this project in one ESC service and one account, and ways to break them. */
export interface StageWorld {
  readonly sandbox: TestSandbox;
  readonly client: EscClient;
  /** What `staging` is when nothing is broken. */
  readonly yaml: string;
  /** Writes an environment's definition. */
  write(name: string, yaml: string): Promise<void>;
  /** Puts a value into an entry, by `stage/name`. */
  put(entry: string, value: string): Promise<void>;
  /** What an entry holds when nothing is broken. */
  textOf(entry: string): string;
  /** Every secret text that there is. */
  readonly secrets: readonly string[];
  /** Puts everything back. */
  mend(): Promise<void>;
  /** What the adapter does: gives an entry's text, or throws. */
  adapter: (secretName: string) => string;
  /** What STS says to ESC's login; throws where it refuses. */
  login: () => void;
  stop(): Promise<void>;
}

/** Starts it all without Pulumi's runner: the definitions are those that the program renders. */
export async function startStages(): Promise<StageWorld> {
  const random = fromSeed(7);
  const values = new Map<string, string>();
  const oceanidValues = selectItems(oceanid, "prod", "aws-secrets").map((item) => [
    `oceanid-cluster/prod/${item.name}`,
    entryText(item, (value) => makeUp(formOf(value, "prod"), random) ?? ""),
  ]);
  for (const stage of ["staging", "prod"] as const) {
    for (const item of [
      ...selectItems(inventory, stage, "aws-secrets"),
      ...selectItems(inventory, stage, "external"),
    ]) {
      values.set(
        `${stage}/${item.name}`,
        entryText(item, (value) => makeUp(formOf(value, stage), random) ?? ""),
      );
    }
  }
  const yamlOf = (stage: "staging" | "prod") =>
    definers[stage]({
      project,
      stacks: {
        infra: {
          stack: `infra/${stage}`,
          outputs: { ecs_cluster_name: "ECS_CLUSTER", ecr_repository_url: "ECR_REPOSITORY_URL" },
        },
        api: { stack: `api/${stage}`, outputs: { service_name: "ECS_SERVICE" } },
      },
      loginRoleArn: "arn:aws:iam::123456789012:role/shop-staging-esc",
      adapterUrl: "https://adapter.acme.dev/open",
    }).render();
  const yaml = {
    staging: yamlOf("staging"),
    prod: yamlOf("prod"),
    dev: dev({ project }).render(),
    oceanid: oceanidYaml,
  };
  const changed = new Set<string>();
  const sandbox = await startSandbox({
    region: REGION,
    environments: {
      "shop/base": base({ domain: "acme.dev", region: REGION }),
      "shop/dev": yaml.dev,
      "shop/staging": yaml.staging,
      "shop/prod": yaml.prod,
      "shop/oceanid": yaml.oceanid,
    },
    secrets: Object.fromEntries([
      ...[...values].map(([name, value]) => [`${project}/${name}`, value]),
      ...oceanidValues,
    ]),
    providers: {
      "aws-login": () => {
        world.login();
        const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } =
          sandbox.variables;
        return secret({ accessKeyId, secretAccessKey, sessionToken: "" });
      },
      external({ request, secret: isSecret = true }) {
        const response = { value: world.adapter(request.secretName) };
        return { response: isSecret ? secret(response) : response };
      },
      "pulumi-stacks": ({ stacks }: { stacks: Record<string, { stack: string }> }) =>
        Object.fromEntries(
          Object.entries(stacks).map(([name, { stack }]) => {
            if (!/^(infra|api)\/(staging|prod)$/.test(stack)) throw new Error(`no matching item: ${stack}`);
            const outputs = {
              ecs_cluster_name: "app",
              ecr_repository_url: "1.dkr.ecr/app",
              service_name: "api",
            };
            return [name, outputs];
          }),
        ),
    },
  });
  const aws = new SecretsManagerClient(sandbox.awsClientOptions);
  const { PULUMI_BACKEND_URL: url = "", PULUMI_ACCESS_TOKEN: accessToken = "" } = sandbox.variables;
  const textOf = (entry: string) => values.get(entry) ?? "";
  const adapter = (secretName: string) => textOf(secretName.slice(project.length + 1));
  const world: StageWorld = {
    sandbox,
    client: await createEscClient({ url, accessToken }),
    yaml: yaml.staging,
    adapter,
    login: () => {},
    textOf,
    secrets: [...values.values(), ...oceanidValues.map(([, value = ""]) => value)].flatMap((text) =>
      text.startsWith("{") ? Object.values<string>(JSON.parse(text)) : text,
    ),
    async write(name, text) {
      changed.add(name);
      const answer = await fetch(`${url}/api/esc/environments/acme/${project}/${name}`, {
        method: "PATCH",
        body: text,
        headers: { authorization: `token ${accessToken}` },
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async put(entry, value) {
      changed.add(entry);
      await aws.send(new PutSecretValueCommand({ SecretId: `${project}/${entry}`, SecretString: value }));
    },
    async mend() {
      world.adapter = adapter;
      world.login = () => {};
      for (const name of changed) {
        if (values.has(name)) await world.put(name, textOf(name));
        else if (name in yaml) await world.write(name, yaml[name as keyof typeof yaml]);
      }
      changed.clear();
    },
    stop: () => sandbox.stop(),
  };
  return world;
}

/** Random in form, the same in every run. */
function fromSeed(seed: number): Random {
  let state = seed;
  return (length, alphabet) =>
    Array.from({ length }, () => {
      state = (state * 48271) % 2147483647;
      return alphabet[state % alphabet.length];
    }).join("");
}
