// Runs in a project that has the packed tarball installed: constructs what a program makes, under Pulumi's mocks, and
// prints the types of the components, sorted.
import { pathToFileURL } from "node:url";
import * as pulumi from "@pulumi/pulumi";

async function main(program: string): Promise<void> {
  const components = new Set<string>();
  const mocks: pulumi.runtime.Mocks = {
    newResource({ type, name, inputs, custom }) {
      if (!custom && type.startsWith("escapement:")) components.add(type);
      const arn = inputs.clientIdLists
        ? `arn:aws:iam::123456789012:oidc-provider/${String(inputs.url).replace("https://", "")}`
        : `arn:aws:service:eu-west-1:123456789012:${name}`;
      const functionUrl = "https://abc.lambda-url.eu-west-1.on.aws/";
      const vpc = { vpcId: "vpc-1", privateSubnetIds: ["subnet-1"], routeTables: [{ id: "rtb-1" }] };
      return { id: `${name}-id`, state: { arn, functionUrl, ...vpc, ...inputs } };
    },
    call: () => ({ partition: "aws", accountId: "123456789012", region: "eu-west-1" }),
  };
  await pulumi.runtime.setMocks(mocks, "shop", "staging", false, "acme");
  await import(pathToFileURL(program).href);
  await pulumi.runtime.disconnect();
  process.stdout.write(`${[...components].sort().join("\n")}\n`);
}

void main(process.argv[2] ?? "");
