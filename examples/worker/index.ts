import * as pulumi from "@pulumi/pulumi";

// `aws:region` comes from the environment's `pulumiConfig`, as any key that the environment gives there.
export const region = new pulumi.Config("aws").require("region");
