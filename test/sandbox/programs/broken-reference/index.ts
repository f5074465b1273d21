import { EscEnvironments } from "../../../../components";

new EscEnvironments("environments", {
  organization: "acme",
  project: "broken",
  environments: [{ name: "staging", yaml: "values:\n  domain: example.com\n  url: https://${domian}\n" }],
});
