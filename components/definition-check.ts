import * as pulumi from "@pulumi/pulumi";
import { checkDefinition, formatDiagnostic } from "../esc/check";

/**
 * Fails the program for what Pulumi's evaluator finds in a definition, errors and warnings alike.
 *
 * @param name `project/environment`
 * @param environments what it may import or refer to, by that name
 */
export async function failOnFindings(
  name: string,
  yaml: string,
  environments: Readonly<Record<string, string>>,
  resource: pulumi.Resource,
): Promise<void> {
  const findings = (await checkDefinition({ name, yaml, environments })).map((finding) =>
    formatDiagnostic(name, finding),
  );
  if (findings.length === 0) return;
  // Pulumi puts `error serializing property "yaml"` before the text of a rejected input; this line stays plain.
  for (const finding of findings) await pulumi.log.error(finding, resource);
  throw new pulumi.ResourceError(findings.join("; "), resource, true);
}
