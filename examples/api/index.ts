import * as pulumi from "@pulumi/pulumi";

// A team's real program creates a service here; what other things read of it is this output.
const name = new pulumi.Config().get("name") ?? "api";

export const service_name = `${name}-${pulumi.getStack()}`;
