import * as pulumi from "@pulumi/pulumi";

// A team's real program creates a cluster and a registry here; what other things read of it are these outputs.
const stage = pulumi.getStack();
const config = new pulumi.Config();
const account = config.get("account") ?? "123456789012";
const region = config.get("region") ?? "eu-west-1";

export const ecs_cluster_name = `app-${stage}`;
export const ecr_repository_url = `${account}.dkr.ecr.${region}.amazonaws.com/app-${stage}`;
