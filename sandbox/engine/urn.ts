import { createHash } from "node:crypto";

export const stackType = "pulumi:pulumi:Stack";
export const stackReferenceType = "pulumi:pulumi:StackReference";

/** `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`; the root stack is no parent type. */
export function createUrn(options: {
  readonly stack: string;
  readonly project: string;
  readonly parent: string | undefined;
  readonly type: string;
  readonly name: string;
}): string {
  const { stack, project, parent, type, name } = options;
  const parentType = parent?.split("::")[2];
  const qualified = parentType && parentType !== stackType ? `${parentType}$${type}` : type;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}

/** `aws` of `aws:iam/role:Role`, and of `pulumi:providers:aws`. */
export function packageOf(type: string): string {
  const [first = "", second, third = ""] = type.split(":");
  return first === "pulumi" && second === "providers" ? third : first;
}

export function isProviderType(type: string): boolean {
  return type.startsWith("pulumi:providers:");
}

/** The same provider gets the same id in every run. */
export function providerId(urn: string): string {
  const hex = createHash("sha256").update(urn).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}

/** `main` of `urn:pulumi:dev::project::type::main`. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
