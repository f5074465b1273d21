import type { RemoteComponent, ResourceType } from "../../engine/cloud";
import { type Account, makeArn, makeEc2Id } from "../account";
import { defineResource, regionOf } from "./define";

/*
 * Networks: ids, so that programs that make networks can be provisioned. Nothing here is connected to anything, and
 * no function is cut off from anything.
 */

/** `aws.ec2.SecurityGroup`. */
export function securityGroupResource(account: Account): ResourceType {
  return networkResource(account, {
    accepts: ["name", "namePrefix", "description", "vpcId", "ingress", "egress", "revokeRulesOnDelete"],
    prefix: "sg",
    kind: "security-group",
  });
}

/** `aws.ec2.VpcEndpoint`. */
export function vpcEndpointResource(account: Account): ResourceType {
  return networkResource(account, {
    accepts: [
      "vpcId",
      "serviceName",
      "vpcEndpointType",
      "privateDnsEnabled",
      "subnetIds",
      "securityGroupIds",
      "routeTableIds",
      "policy",
    ],
    required: ["vpcId"],
    prefix: "vpce",
    kind: "vpc-endpoint",
  });
}

function networkResource(
  account: Account,
  { accepts, required = [], prefix, kind }: NetworkResource,
): ResourceType {
  return defineResource({
    accepts: [...accepts, "region", "tags"],
    check(inputs, request) {
      inputs.require(...required);
      return { region: regionOf(account, request, inputs), tagsAll: inputs.tags() };
    },
    create(_, known) {
      const id = makeEc2Id(account, prefix);
      const arn = makeArn(account, "ec2", known.region as string, `${kind}/${id}`);
      return { id, outputs: { arn, ownerId: account.id } };
    },
    // There is nothing but the id.
    update: () => ({}),
    remove: () => {},
  });
}

interface NetworkResource {
  readonly accepts: readonly string[];
  readonly required?: readonly string[];
  /** Of ids: `sg`. */
  readonly prefix: string;
  /** As in ARNs: `security-group`. */
  readonly kind: string;
}

/**
 * `awsx.ec2.Vpc`: its outputs that are ids, for a network with one subnet of each type in each zone. `routeTables`
 * are their ids, not resources.
 */
export function vpcComponent(account: Account): RemoteComponent {
  return {
    construct({ inputs }) {
      const zones =
        typeof inputs.numberOfAvailabilityZones === "number" ? inputs.numberOfAvailabilityZones : 3;
      const each = (make: () => unknown) => Array.from({ length: zones }, make);
      return {
        vpcId: makeEc2Id(account, "vpc"),
        privateSubnetIds: each(() => makeEc2Id(account, "subnet")),
        publicSubnetIds: each(() => makeEc2Id(account, "subnet")),
        isolatedSubnetIds: [],
        routeTables: each(() => ({ id: makeEc2Id(account, "rtb") })),
      };
    },
  };
}
