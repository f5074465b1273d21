import { isMap, isScalar, parseDocument, visit } from "yaml";
import type { Provider, Rotator } from "../../esc/evaluator/types";
import { providerSchemas, rotatorSchemas } from "../../esc/providers/schemas";

/** For whom providers are made: one opening of one organization's environments by one user. */
export interface ProviderContext {
  readonly organization: string;
  readonly user: { readonly login: string; readonly name: string };
  /** Name of what is opened; `<yaml>` for an anonymous definition. */
  readonly openedEnvironment: string;
}

/**
 * The providers at hand, and for each other one that is known a stand-in with its schemas: a definition that
 * uses it can be checked and saved, as with Pulumi's service; to open it fails at the call and names it.
 */
export function completeProviders(available: Readonly<Record<string, Provider>>): Record<string, Provider> {
  const standIns = Object.entries(providerSchemas).map(([name, schemas]): [string, Provider] => [
    name,
    {
      ...schemas,
      async open() {
        throw new Error(
          `provider "${name}" is not available in this sandbox: definitions that use it can be checked, but not opened`,
        );
      },
    },
  ]);
  return { ...Object.fromEntries(standIns), ...available };
}

/** The same of rotators. */
export function completeRotators(available: Readonly<Record<string, Rotator>>): Record<string, Rotator> {
  const standIns = Object.entries(rotatorSchemas).map(([name, schemas]): [string, Rotator] => {
    const fail = async () => {
      throw new Error(
        `rotator "${name}" is not available in this sandbox: definitions that use it can be checked`,
      );
    };
    return [name, { ...schemas, open: fail, rotate: fail }];
  });
  return { ...Object.fromEntries(standIns), ...available };
}

/** The known providers that a definition calls (in either spelling of `fn::open`) and that are not at hand, sorted. */
export function missingProviders(yaml: string, available: Readonly<Record<string, Provider>>): string[] {
  const called = new Set<string>();
  visit(parseDocument(yaml), {
    Pair(_, { key, value }) {
      const name = isScalar(key) ? String(key.value) : "";
      if (name === "fn::open" && isMap(value)) {
        called.add(String(value.get("provider")));
      } else if (name.startsWith("fn::open::")) {
        called.add(name.slice("fn::open::".length));
      }
    },
  });
  return [...called].filter((name) => Object.hasOwn(providerSchemas, name) && !(name in available)).sort();
}
