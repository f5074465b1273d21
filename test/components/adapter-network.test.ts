import assert from "node:assert/strict";
import {
  AdapterNatGateways,
  AdapterNetwork,
  type AdapterNetworkArgs,
} from "../../components/adapter-network";
import { isUnknown, mockPulumi, outputValue, settled } from "../support/pulumi";

const VPC = "awsx:ec2:Vpc";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint";

async function create(args: Partial<AdapterNetworkArgs> = {}, { preview = false } = {}) {
  const recorder = await mockPulumi({
    preview,
    calls: { "aws:index/getRegion:getRegion": () => ({ region: "eu-west-1" }) },
    outputs: (type): Record<string, unknown> => {
      if (preview || type !== VPC) return {};
      const routeTables = [{ id: "rtb-1" }, { id: "rtb-2" }];
      return { vpcId: "vpc-1", privateSubnetIds: ["subnet-1", "subnet-2"], routeTables };
    },
  });
  const network = new AdapterNetwork("network", { project: "escapement", stage: "staging", ...args });
  return { network, recorder };
}

describe("AdapterNetwork", () => {
  it("has private subnets to run in, and one NAT gateway to Pulumi's keys", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(recorder.find(VPC, "network-vpc").inputs, {
      cidrBlock: "10.0.0.0/16",
      numberOfAvailabilityZones: 2,
      subnetStrategy: "Auto",
      subnetSpecs: [{ type: "Private" }, { type: "Public" }],
      natGateways: { strategy: "Single" },
      enableDnsHostnames: true,
    });
    assert.deepEqual(recorder.ofType(ENDPOINT), []);
  });

  it("lets nothing in, and only HTTPS out", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(
      recorder.ofType(GROUP).map(({ inputs }) => inputs),
      [
        {
          name: "escapement-staging-adapter",
          description: "The ESC adapter: nothing in, HTTPS out",
          vpcId: "vpc-1",
          ingress: [],
          egress: [
            { description: "HTTPS", protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["0.0.0.0/0"] },
          ],
        },
      ],
    );
  });

  it("offers, when told, endpoints for all that the adapter asks of AWS, open to the adapter alone", async () => {
    const { recorder } = await create({ endpoints: true });
    await settled();
    const { ingress, egress } = recorder.find(GROUP, "network-endpoints").inputs;
    assert.deepEqual(egress, []);
    assert.deepEqual(ingress, [
      {
        description: "HTTPS",
        protocol: "tcp",
        fromPort: 443,
        toPort: 443,
        securityGroups: ["network-adapter-id"],
      },
    ]);
    const inside = {
      vpcId: "vpc-1",
      vpcEndpointType: "Interface",
      privateDnsEnabled: true,
      subnetIds: ["subnet-1", "subnet-2"],
      securityGroupIds: ["network-endpoints-id"],
    };
    const endpoint = (service: string) => recorder.find(ENDPOINT, `network-${service}`).inputs;
    for (const service of ["secretsmanager", "ssm"]) {
      assert.deepEqual(endpoint(service), { ...inside, serviceName: `com.amazonaws.eu-west-1.${service}` });
    }
    assert.deepEqual(endpoint("dynamodb"), {
      vpcId: "vpc-1",
      vpcEndpointType: "Gateway",
      serviceName: "com.amazonaws.eu-west-1.dynamodb",
      routeTableIds: ["rtb-1", "rtb-2"],
    });
    assert.equal(recorder.ofType(ENDPOINT).length, 3);
  });

  it("is the parent of everything it creates, in a preview of an empty account too", async () => {
    const own = "escapement:index:AdapterNetwork";
    for (const preview of [false, true]) {
      const { recorder } = await create({ endpoints: true }, { preview });
      await settled();
      assert.deepEqual(recorder.parentage(), {
        network: own,
        "network-vpc": `${own}$${VPC}`,
        "network-adapter": `${own}$${GROUP}`,
        "network-endpoints": `${own}$${GROUP}`,
        "network-secretsmanager": `${own}$${ENDPOINT}`,
        "network-ssm": `${own}$${ENDPOINT}`,
        "network-dynamodb": `${own}$${ENDPOINT}`,
      });
    }
  });

  it("takes addresses, zones, NAT gateways, prefix and tags", async () => {
    const tags = { team: "web" };
    const { recorder } = await create({
      cidrBlock: "10.7.0.0/20",
      zones: 3,
      natGateways: AdapterNatGateways.PerZone,
      namePrefix: "acme-",
      tags,
    });
    await settled();
    const { cidrBlock, numberOfAvailabilityZones, natGateways } = recorder.find(VPC, "network-vpc").inputs;
    assert.deepEqual(
      { cidrBlock, numberOfAvailabilityZones, natGateways },
      { cidrBlock: "10.7.0.0/20", numberOfAvailabilityZones: 3, natGateways: { strategy: "OnePerAz" } },
    );
    assert.equal(recorder.find(GROUP, "network-adapter").inputs.name, "acme-escapement-staging-adapter");
    for (const type of [VPC, GROUP]) {
      assert.deepEqual(
        recorder.ofType(type).map(({ inputs }) => inputs.tags),
        [tags],
      );
    }
  });

  it("registers its outputs", async () => {
    const { recorder } = await create();
    await settled();
    assert.deepEqual(recorder.registeredOutputs("network"), ["securityGroupIds", "subnetIds", "vpcId"]);
  });

  it("publishes what AdapterLambda takes, unknown in a preview", async () => {
    const { network } = await create();
    assert.equal(await outputValue(network.vpcId), "vpc-1");
    assert.deepEqual(await outputValue(network.subnetIds), ["subnet-1", "subnet-2"]);
    assert.deepEqual(await outputValue(network.securityGroupIds), ["network-adapter-id"]);
    await settled();
    const preview = await create({}, { preview: true });
    assert.equal(await isUnknown(preview.network.subnetIds), true);
    await settled();
  });

  it("lists everything that is wrong with its arguments at once", async () => {
    await assert.rejects(create({ project: "a b", cidrBlock: "10.0.0.0/8", zones: 4 }), (error: Error) => {
      for (const part of ['project: "a b"', 'cidrBlock: "10.0.0.0/8"', "zones: 4"]) {
        assert.ok(error.message.includes(part), `${part} is missing from: ${error.message}`);
      }
      return true;
    });
    await settled();
  });
});
