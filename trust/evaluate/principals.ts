import { TrustError } from "../errors";
import type { PolicyPrincipal } from "../policies/document";
import { malformed, readPlainTexts } from "./grammar";

/** Who makes a request. */
export type RequestPrincipal =
  /** A role's session: its own ARN, and the role's with its path, which the session's ARN leaves out. */
  | { readonly kind: "session"; readonly arn: string; readonly roleArn: string }
  | { readonly kind: "user"; readonly arn: string }
  /** An AWS service, such as `lambda.amazonaws.com`. */
  | ServicePrincipal
  /** Who presents a token of this IAM OIDC provider. */
  | { readonly kind: "federated"; readonly providerArn: string };

/** A service of AWS. */
export interface ServicePrincipal {
  readonly kind: "service";
  readonly name: string;
}

/**
 * How directly a policy names who it allows; the further right, the less other policies can take away.
 * `account` only lets the account's own policies decide.
 */
export type Grant = "account" | "role" | "direct";

/** A principal in every spelling under which policies can name it. */
export interface Identity {
  /** What explanations call it. */
  readonly text: string;
  readonly type: "AWS" | "Service" | "Federated";
  /** Session, user, service or provider: names exactly who asks. */
  readonly self: string;
  readonly role?: string;
  /** `arn:<partition>:iam::<account>:root` and the bare account id; none for services and federated principals. */
  readonly account?: { readonly id: string; readonly root: string };
}

const SESSION = /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/[\w+=,.@-]+$/;
const ROLE = /^arn:([\w-]+):iam::(\d{12}):role\/(?:[\w+=,.@-]+\/)*([\w+=,.@-]+)$/;
const USER = /^arn:([\w-]+):iam::(\d{12}):user\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]+$/;
const ROOT = /^arn:[\w-]+:iam::\d{12}:root$/;
const ACCOUNT = /^\d{12}$/;
const SERVICE = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;

/** @throws TrustError `ERR_TRUST_REQUEST` */
export function identityOf(principal: RequestPrincipal): Identity {
  switch (principal.kind) {
    case "session": {
      const [, partition, id, name] = SESSION.exec(principal.arn) ?? [];
      const [, rolePartition, roleAccount, roleName] = ROLE.exec(principal.roleArn) ?? [];
      if (!partition || !id || partition !== rolePartition || id !== roleAccount || name !== roleName) {
        throw unfit(
          "expected a session's ARN (arn:…:sts::…:assumed-role/ROLE/SESSION) and the ARN of its role",
        );
      }
      const { arn, roleArn } = principal;
      return { text: arn, type: "AWS", self: arn, role: roleArn, account: accountOf(partition, id) };
    }
    case "user": {
      const [, partition, id] = USER.exec(principal.arn) ?? [];
      if (!partition || !id) throw unfit("expected a user's ARN");
      return { text: principal.arn, type: "AWS", self: principal.arn, account: accountOf(partition, id) };
    }
    case "service":
      return { text: principal.name, type: "Service", self: principal.name };
    case "federated":
      return { text: principal.providerArn, type: "Federated", self: principal.providerArn };
  }
}

function accountOf(partition: string, id: string): { id: string; root: string } {
  return { id, root: `arn:${partition}:iam::${id}:root` };
}

function unfit(message: string): TrustError {
  return new TrustError("ERR_TRUST_REQUEST", "request principal", message);
}

/** One name in a `Principal` element. */
interface Name {
  readonly text: string;
  readonly type: "*" | "AWS" | "Service" | "Federated";
}

/** A `Principal` or `NotPrincipal` element, ready to be matched. */
export interface CompiledPrincipal {
  readonly expected: readonly string[];
  /** How the names cover who asks; absent when none does. */
  grant(identity: Identity): { readonly grant: Grant; readonly by: string } | undefined;
  /** Whether the names exempt who asks from a `Deny` with `NotPrincipal`. */
  exempts(identity: Identity): boolean;
}

/** @throws TrustError `ERR_TRUST_POLICY_MALFORMED` */
export function compilePrincipal(principal: PolicyPrincipal, where: string): CompiledPrincipal {
  const names = principal === "*" ? [{ text: "*", type: "*" } as const] : namesIn(principal, where);
  const covers = ({ text, type }: Name, identity: Identity): Grant | undefined => {
    if (type === "*") return "direct";
    if (type !== identity.type) return undefined;
    if (text === identity.self) return "direct";
    if (text === identity.role) return "role";
    const { account } = identity;
    return account && (text === account.root || text === account.id) ? "account" : undefined;
  };

  return {
    expected: names.map(({ text }) => text),
    grant: (identity) => {
      let best: { grant: Grant; by: string } | undefined;
      for (const name of names) {
        const grant = covers(name, identity);
        if (grant === undefined) continue;
        if (best === undefined || isMoreDirect(grant, best.grant)) best = { grant, by: name.text };
      }
      return best;
    },
    /**
     * AWS checks the account first, then the role or user, so both must be listed.
     * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
     */
    exempts: (identity) => {
      const grants = names.map((name) => covers(name, identity));
      if (names.some(({ type }) => type === "*")) return true;
      if (identity.account === undefined) return grants.includes("direct");
      return grants.includes("account") && grants.includes(identity.role === undefined ? "direct" : "role");
    },
  };
}

const GRANTS: readonly Grant[] = ["account", "role", "direct"];

export function isMoreDirect(grant: Grant, than: Grant): boolean {
  return GRANTS.indexOf(grant) > GRANTS.indexOf(than);
}

function namesIn(principal: Exclude<PolicyPrincipal, "*">, where: string): Name[] {
  const entries = Object.entries(principal);
  if (entries.length === 0) throw malformed(where, "expected at least one principal");
  return entries.flatMap(([type, value]) => {
    const place = `${where}.${type}`;
    return readPlainTexts(value, place).map((text): Name => {
      if (type === "AWS" && text === "*") return { text, type: "*" };
      if (type === "AWS" && [ACCOUNT, ROOT, USER, ROLE, SESSION].some((form) => form.test(text)))
        return { text, type };
      if (type === "Service" && SERVICE.test(text)) return { text, type };
      if (type === "Federated" && /^[\w.:/~-]+$/.test(text)) return { text, type };
      throw malformed(
        place,
        "expected *, an account, or the whole ARN or name of one principal: no other wildcards and no unique ids",
      );
    });
  });
}
