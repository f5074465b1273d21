import * as pulumiservice from "@pulumi/pulumiservice";

new pulumiservice.Team("team", { organizationName: "acme", teamType: "pulumi", name: "web" });
