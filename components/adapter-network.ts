import * as aws from "@pulumi/aws";
import type * as Awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import { type ArgumentIssue, refuse } from "./args";
import { checkNameParts, flatName } from "./names";

/** How many NAT gateways lead out of the network. Each is paid for by the hour. */
export const AdapterNatGateways = {
  /** One for all zones: when its zone fails, the adapter is cut off from Pulumi's keys. */
  Single: "single",
  /** One in each zone. */
  PerZone: "per-zone",
} as const;
export type AdapterNatGateways = (typeof AdapterNatGateways)[keyof typeof AdapterNatGateways];

export interface AdapterNetworkArgs {
  /** First part of all names, after the prefix. */
  project: string;
  /** Second part of all names. */
  stage: string;
  /** Put in front of all names, for accounts that several teams share: `acme-`. @default "" */
  namePrefix?: string;
  /** The network's addresses, as `10.0.0.0/16`: /16 to /24. @default "10.0.0.0/16" */
  cidrBlock?: string;
  /** In how many availability zones: 1 to 3. @default 2 */
  zones?: number;
  /** @default AdapterNatGateways.Single */
  natGateways?: AdapterNatGateways;
  /**
   * Endpoints within the network for what the adapter asks of AWS: Secrets Manager, Systems Manager and DynamoDB. Values
   * then never leave the network. They are paid for by the hour and zone, except DynamoDB's. Not for the regions
   * in China, where the services go by other names. @default false: AWS is reached through the NAT gateways
   */
  endpoints?: boolean;
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * A network for an adapter that must reach systems in private networks: private subnets to run in, a security
 * group that lets nothing in and only HTTPS out, and a way to the internet.
 *
 * That way is a NAT gateway in any case, for the adapter fetches the keys that verify ESC's tokens from
 * api.pulumi.com, which no VPC endpoint offers. Nothing needs to come in: function URLs and HTTP APIs call the
 * function through Lambda, not through this network. To reach a database or another port than 443, give the
 * function a further security group.
 *
 * An adapter that only reads Secrets Manager needs no network at all.
 *
 * @throws ResourceError listing every argument that cannot be used.
 */
export class AdapterNetwork extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  /** The private subnets, for `subnetIds` of `AdapterLambda`. */
  readonly subnetIds: pulumi.Output<string[]>;
  /** The adapter's security group, for `securityGroupIds` of `AdapterLambda`. */
  readonly securityGroupIds: pulumi.Output<string[]>;

  constructor(name: string, args: AdapterNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:AdapterNetwork", name, {}, opts);
    refuse(checkArgs(args), this);
    const awsx = loadAwsx();
    const { tags, cidrBlock = "10.0.0.0/16" } = args;
    const perZone = args.natGateways === AdapterNatGateways.PerZone;
    const vpc = new awsx.ec2.Vpc(
      `${name}-vpc`,
      {
        cidrBlock,
        numberOfAvailabilityZones: args.zones ?? 2,
        subnetStrategy: awsx.ec2.SubnetAllocationStrategy.Auto,
        subnetSpecs: [{ type: awsx.ec2.SubnetType.Private }, { type: awsx.ec2.SubnetType.Public }],
        natGateways: {
          strategy: perZone ? awsx.ec2.NatGatewayStrategy.OnePerAz : awsx.ec2.NatGatewayStrategy.Single,
        },
        // Names of AWS services must lead to their endpoints.
        enableDnsHostnames: true,
        tags,
      },
      { parent: this },
    );
    const group = new aws.ec2.SecurityGroup(
      `${name}-adapter`,
      {
        name: flatName(args, "adapter"),
        description: "The ESC adapter: nothing in, HTTPS out",
        vpcId: vpc.vpcId,
        ingress: [],
        egress: [
          { description: "HTTPS", protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["0.0.0.0/0"] },
        ],
        tags,
      },
      { parent: this },
    );
    if (args.endpoints) createEndpoints(name, args, { vpc, adapterGroupId: group.id, parent: this });

    this.vpcId = vpc.vpcId;
    this.subnetIds = vpc.privateSubnetIds;
    this.securityGroupIds = pulumi.output([group.id]);
    this.registerOutputs({
      vpcId: this.vpcId,
      subnetIds: this.subnetIds,
      securityGroupIds: this.securityGroupIds,
    });
  }
}

/** Only here and not above: an import would load awsx, a twentieth of a start, in every stack. */
function loadAwsx(): typeof Awsx {
  return require("@pulumi/awsx") as typeof Awsx;
}

function createEndpoints(
  name: string,
  args: AdapterNetworkArgs,
  network: { vpc: Awsx.ec2.Vpc; adapterGroupId: pulumi.Output<string>; parent: pulumi.Resource },
): void {
  const { vpc, adapterGroupId, parent } = network;
  const { tags } = args;
  const { region } = aws.getRegionOutput({}, { parent });
  const group = new aws.ec2.SecurityGroup(
    `${name}-endpoints`,
    {
      name: flatName(args, "endpoints"),
      description: "Endpoints of AWS services: HTTPS in from the ESC adapter, nothing out",
      vpcId: vpc.vpcId,
      ingress: [
        {
          description: "HTTPS",
          protocol: "tcp",
          fromPort: 443,
          toPort: 443,
          securityGroups: [adapterGroupId],
        },
      ],
      egress: [],
      tags,
    },
    { parent },
  );
  for (const service of ["secretsmanager", "ssm"]) {
    new aws.ec2.VpcEndpoint(
      `${name}-${service}`,
      {
        vpcId: vpc.vpcId,
        serviceName: pulumi.interpolate`com.amazonaws.${region}.${service}`,
        vpcEndpointType: "Interface",
        privateDnsEnabled: true,
        subnetIds: vpc.privateSubnetIds,
        securityGroupIds: [group.id],
        tags,
      },
      { parent },
    );
  }
  new aws.ec2.VpcEndpoint(
    `${name}-dynamodb`,
    {
      vpcId: vpc.vpcId,
      serviceName: pulumi.interpolate`com.amazonaws.${region}.dynamodb`,
      vpcEndpointType: "Gateway",
      routeTableIds: vpc.routeTables.apply((tables) => pulumi.all(tables.map(({ id }) => id))),
      tags,
    },
    { parent },
  );
}

function checkArgs(args: AdapterNetworkArgs): ArgumentIssue[] {
  const issues = checkNameParts(args);
  const { cidrBlock, zones } = args;
  if (cidrBlock !== undefined && !/^\d{1,3}(\.\d{1,3}){3}\/(1[6-9]|2[0-4])$/.test(cidrBlock)) {
    issues.push({ path: "cidrBlock", reason: `"${cidrBlock}" must be like 10.0.0.0/16, from /16 to /24` });
  }
  if (zones !== undefined && !(Number.isInteger(zones) && zones >= 1 && zones <= 3)) {
    issues.push({ path: "zones", reason: `${zones} must be 1, 2 or 3` });
  }
  return issues;
}
