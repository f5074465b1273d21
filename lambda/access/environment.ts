const NAME = /^[\w.-]+$/;
const LEGACY_PROJECT = "default";

/**
 * Reads ESC's `current_env` or `root_env` claim as `project/environment`, or undefined when it names none.
 *
 * ESC writes the name in several forms: `org/project/env` (the first part must be `organization`),
 * `project/env`, and for the legacy `default` project `env` or `org/env`. A version suffix (`env@live`) is cut:
 * it says which revision was read, not who reads. `org/env` and `project/env` can only be told apart because
 * no project of the configuration may be named like the organization (`config.ts` refuses it).
 */
export function parseEnvironment(claim: unknown, organization: string): string | undefined {
  if (typeof claim !== "string") return undefined;
  const [name = "", version, ...rest] = claim.split("@");
  if (rest.length > 0 || (version !== undefined && !NAME.test(version))) return undefined;
  const parts = name.split("/");
  if (!parts.every((part) => NAME.test(part))) return undefined;
  const [first, second, third] = parts;
  switch (parts.length) {
    case 1:
      return `${LEGACY_PROJECT}/${first}`;
    case 2:
      return first === organization ? `${LEGACY_PROJECT}/${second}` : `${first}/${second}`;
    case 3:
      return first === organization ? `${second}/${third}` : undefined;
    default:
      return undefined;
  }
}
