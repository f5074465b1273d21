import type { PolicyDocument, PolicyStatement } from "../../trust/index";
import {
  type Account,
  type ManagedPolicy,
  makeArn,
  makeUniqueId,
  type OidcProvider,
  type Role,
  type Tags,
} from "./account";
import { AwsError } from "./errors";
import { checkPolicy } from "./policy-store";

/** What `createRole` makes. */
export interface NewRole {
  readonly name: string;
  /** @default "/" */
  readonly path?: string;
  /** JSON text. */
  readonly trustPolicy: string;
  readonly description?: string;
  /** Seconds, 3600 to 43200. @default 3600 */
  readonly maxSessionDurationSeconds?: number;
  /** ARN of a managed policy. */
  readonly permissionsBoundary?: string;
  readonly tags?: Tags;
}

/**
 * Makes a role.
 * @throws {ValidationError} {MalformedPolicyDocument} {LimitExceeded} {EntityAlreadyExists} {NoSuchEntity}
 */
export function createRole(account: Account, role: NewRole): Role {
  const { name, path = "/", permissionsBoundary } = role;
  checkRole(role);
  if (account.roles.has(name.toLowerCase())) {
    throw new AwsError("EntityAlreadyExists", `Role with name ${name} already exists.`);
  }
  if (permissionsBoundary !== undefined) findManagedPolicy(account, permissionsBoundary);
  const created: Role = {
    name,
    path,
    arn: makeArn(account, "iam", "", `role${path}${name}`),
    id: makeUniqueId(account, "AROA"),
    createdAt: new Date(account.now()),
    description: role.description ?? "",
    trustPolicy: role.trustPolicy,
    inlinePolicies: new Map(),
    attachedPolicies: new Set(),
    permissionsBoundary,
    maxSessionDurationSeconds: role.maxSessionDurationSeconds ?? 3600,
    tags: role.tags ?? {},
  };
  account.roles.set(name.toLowerCase(), created);
  return created;
}

/** What IAM says of a role before it looks at the account; what is not known yet is left out. */
export function checkRole(role: Partial<NewRole>): void {
  if (role.name !== undefined) checkName(role.name, "roleName", 64);
  if (role.path !== undefined) checkPath(role.path);
  const { maxSessionDurationSeconds: seconds, trustPolicy } = role;
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 3600 && seconds <= 43_200)) {
    const bound = seconds < 3600 ? "greater than or equal to 3600" : "less than or equal to 43200";
    throw new AwsError(
      "ValidationError",
      `1 validation error detected: Value '${seconds}' at 'maxSessionDuration' failed to satisfy constraint: Member must have value ${bound}`,
    );
  }
  if (trustPolicy !== undefined) checkTrustPolicy(trustPolicy);
}

/** Everything of a role that can be changed in place, all of it given. */
export type RoleChange = Pick<
  NewRole,
  "trustPolicy" | "description" | "maxSessionDurationSeconds" | "permissionsBoundary" | "tags"
>;

/** @throws {ValidationError} {MalformedPolicyDocument} {LimitExceeded} {NoSuchEntity} */
export function updateRole(account: Account, role: Role, change: RoleChange): void {
  checkRole(change);
  if (change.permissionsBoundary !== undefined) findManagedPolicy(account, change.permissionsBoundary);
  role.trustPolicy = change.trustPolicy;
  role.description = change.description ?? "";
  role.maxSessionDurationSeconds = change.maxSessionDurationSeconds ?? 3600;
  role.permissionsBoundary = change.permissionsBoundary;
  role.tags = change.tags ?? {};
}

/**
 * Deletes a role, with `detach` its policies before it.
 * @throws {DeleteConflict} it has policies still.
 */
export function deleteRole(account: Account, role: Role, { detach }: { readonly detach: boolean }): void {
  if (!detach && role.inlinePolicies.size > 0) {
    throw new AwsError("DeleteConflict", "Cannot delete entity, must delete policies first.");
  }
  if (!detach && role.attachedPolicies.size > 0) {
    throw new AwsError("DeleteConflict", "Cannot delete entity, must detach all policies first.");
  }
  account.roles.delete(role.name.toLowerCase());
}

/** @throws {NoSuchEntity} */
export function findRole(account: Account, name: string): Role {
  const role = account.roles.get(name.toLowerCase());
  if (role) return role;
  throw new AwsError("NoSuchEntity", `The role with name ${name} cannot be found.`);
}

/**
 * Writes an inline policy of a role.
 * @throws {MalformedPolicyDocument} {LimitExceeded} {NoSuchEntity}
 */
export function putRolePolicy(account: Account, roleName: string, name: string, document: string): void {
  const role = findRole(account, roleName);
  checkName(name, "policyName", 128);
  checkPolicy(document, "identity", "MalformedPolicyDocument");
  const others = [...role.inlinePolicies].filter(([other]) => other !== name).map(([, text]) => text);
  if (sizeOf([...others, document].join("")) > 10_240) {
    throw new AwsError("LimitExceeded", `Maximum policy size of 10240 bytes exceeded for role ${role.name}`);
  }
  role.inlinePolicies.set(name, document);
}

/** What `createPolicy` makes. */
export interface NewPolicy {
  readonly name: string;
  /** @default "/" */
  readonly path?: string;
  /** JSON text. */
  readonly document: string;
  readonly description?: string;
  readonly tags?: Tags;
}

/**
 * Makes a managed policy.
 * @throws {ValidationError} {MalformedPolicyDocument} {LimitExceeded} {EntityAlreadyExists}
 */
export function createPolicy(account: Account, policy: NewPolicy): ManagedPolicy {
  const { name, path = "/", document } = policy;
  checkManagedPolicy(policy);
  const arn = makeArn(account, "iam", "", `policy${path}${name}`);
  if (account.managedPolicies.has(arn)) {
    throw new AwsError(
      "EntityAlreadyExists",
      `A policy called ${name} already exists. Duplicate names are not allowed.`,
    );
  }
  const created: ManagedPolicy = {
    name,
    path,
    arn,
    id: makeUniqueId(account, "ANPA"),
    document,
    description: policy.description ?? "",
    tags: policy.tags ?? {},
  };
  account.managedPolicies.set(arn, created);
  return created;
}

/** What IAM says of a managed policy before it looks at the account. */
export function checkManagedPolicy({ name, path, document }: Partial<NewPolicy>): void {
  if (name !== undefined) checkName(name, "policyName", 128);
  if (path !== undefined) checkPath(path);
  if (document === undefined) return;
  checkPolicy(document, "identity", "MalformedPolicyDocument");
  if (sizeOf(document) > 6144)
    throw new AwsError("LimitExceeded", "Cannot exceed quota for PolicySize: 6144");
}

/** @throws {DeleteConflict} a role has it still. */
export function deletePolicy(account: Account, { arn }: ManagedPolicy): void {
  const inUse = [...account.roles.values()].some(
    ({ attachedPolicies, permissionsBoundary }) => attachedPolicies.has(arn) || permissionsBoundary === arn,
  );
  if (inUse) {
    throw new AwsError("DeleteConflict", "Cannot delete a policy attached to entities.");
  }
  account.managedPolicies.delete(arn);
}

/** @throws {NoSuchEntity} */
export function findManagedPolicy(account: Account, arn: string): ManagedPolicy {
  const policy = account.managedPolicies.get(arn);
  if (policy) return policy;
  const whose = arn.includes("::aws:policy/") ? "sandbox: AWS's own policies are not stored here: " : "";
  throw new AwsError("NoSuchEntity", `${whose}Policy ${arn} does not exist or is not attachable.`);
}

/** @throws {NoSuchEntity} */
export function attachRolePolicy(account: Account, roleName: string, policyArn: string): void {
  findRole(account, roleName).attachedPolicies.add(findManagedPolicy(account, policyArn).arn);
}

/** What `createOidcProvider` makes. */
export interface NewOidcProvider {
  /** `https://…` */
  readonly url: string;
  readonly audiences: readonly string[];
  readonly thumbprints?: readonly string[];
  readonly tags?: Tags;
}

/**
 * Registers an issuer. There is one provider for each issuer in an account.
 * @throws {ValidationError} {EntityAlreadyExists}
 */
export function createOidcProvider(account: Account, provider: NewOidcProvider): OidcProvider {
  checkOidcProvider(provider);
  const { url, audiences, thumbprints = [], tags = {} } = provider;
  const host = url.slice("https://".length);
  const arn = makeArn(account, "iam", "", `oidc-provider/${host}`);
  if (account.oidcProviders.has(arn)) {
    throw new AwsError("EntityAlreadyExists", `Provider with url ${url} already exists.`);
  }
  const created: OidcProvider = { arn, host, audiences: [...audiences], thumbprints: [...thumbprints], tags };
  account.oidcProviders.set(arn, created);
  return created;
}

/** What IAM says of a provider before it looks at the account. */
export function checkOidcProvider({ url, audiences }: Partial<NewOidcProvider>): void {
  if (url !== undefined && (!/^https:\/\/[^\s?#]+$/.test(url) || url.length > 255)) {
    throw new AwsError("ValidationError", "Invalid Open ID Connect Provider URL");
  }
  if (
    audiences !== undefined &&
    (audiences.length > 100 || !audiences.every((one) => /^.{1,255}$/s.test(one)))
  ) {
    throw new AwsError(
      "ValidationError",
      "A provider has at most 100 audiences, each of 1 to 255 characters.",
    );
  }
}

function checkName(name: string, member: string, max: number): void {
  if (new RegExp(`^[\\w+=,.@-]{1,${max}}$`).test(name)) return;
  throw new AwsError(
    "ValidationError",
    `1 validation error detected: Value '${name}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+ and have at most ${max} characters`,
  );
}

function checkPath(path: string): void {
  if (/^\/([!-~]+\/)?$/.test(path) && path.length <= 512) return;
  throw new AwsError("ValidationError", `The specified value for path is invalid: ${path}`);
}

/** IAM does not count white space. */
function sizeOf(document: string): number {
  return document.replace(/\s/g, "").length;
}

/**
 * For an issuer that serves everybody, the claim that says whose token it is.
 * Source: IAM user guide, "Identity-provider controls for shared OIDC providers".
 */
const tenancyClaims: Readonly<Record<string, string>> = {
  "token.actions.githubusercontent.com": "sub",
  "api.pulumi.com/oidc": "aud",
};

/** @throws {MalformedPolicyDocument} {LimitExceeded} */
function checkTrustPolicy(text: string): void {
  checkPolicy(text, "trust", "MalformedPolicyDocument");
  if (sizeOf(text) > 2048)
    throw new AwsError("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048");
  const { Statement: statements } = JSON.parse(text) as PolicyDocument;
  for (const statement of [statements].flat()) {
    for (const host of sharedIssuersOf(statement)) {
      const key = `${host}:${tenancyClaims[host]}`;
      if (evaluates(statement, key)) continue;
      throw new AwsError(
        "MalformedPolicyDocument",
        `Trust policy with an OIDC principal of ${host} must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, ${key} which is not scoped to all`,
      );
    }
  }
}

function sharedIssuersOf({ Effect: effect, Principal: principal }: PolicyStatement): string[] {
  if (effect !== "Allow" || typeof principal !== "object") return [];
  return [principal.Federated ?? []]
    .flat()
    .map((arn) => arn.replace(/^.*:oidc-provider\//, ""))
    .filter((host) => Object.hasOwn(tenancyClaims, host));
}

function evaluates({ Condition: condition = {} }: PolicyStatement, key: string): boolean {
  return Object.entries(condition).some(
    ([operator, keys]) =>
      ["StringEquals", "StringLike", "StringEqualsIgnoreCase"].includes(operator) &&
      Object.entries(keys).some(
        ([name, values]) =>
          name.toLowerCase() === key.toLowerCase() &&
          [values].flat().every((value) => !/^[*?]*$/.test(String(value))),
      ),
  );
}
