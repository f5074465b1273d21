import { type Account, type KmsKey, makeArn, makeUuid, type Tags } from "./account";
import type { Authorizer } from "./authorize";
import { AwsError } from "./errors";
import type { SignedCall } from "./service";

/** What `createKey` makes. */
export interface NewKey {
  readonly region: string;
  readonly description?: string;
  /** JSON text. @default AWS's own: the account's policies decide */
  readonly policy?: string;
  readonly tags?: Tags;
}

/** Makes a customer-managed key. */
export function createKey(account: Account, { region, description = "", policy, tags = {} }: NewKey): KmsKey {
  const id = makeUuid(account);
  const key: KmsKey = {
    id,
    arn: makeArn(account, "kms", region, `key/${id}`),
    region,
    aliases: new Set(),
    description,
    policy: policy ?? accountPolicy(account),
    tags,
  };
  account.keys.set(key.arn, key);
  return key;
}

/** Source: KMS developer guide, "Default key policy". */
function accountPolicy(account: Account): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Enable IAM User Permissions",
        Effect: "Allow",
        Principal: { AWS: `arn:${account.partition}:iam::${account.id}:root` },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  });
}

/**
 * Finds a key by id, ARN, alias or an alias' ARN.
 * @throws {ResourceNotFoundException} there is none.
 */
export function findKey(account: Account, region: string, keyId: string): KmsKey {
  const alias = keyId.replace(/^arn:[^:]*:kms:[^:]*:[^:]*:(?=alias\/)/, "");
  for (const key of account.keys.values()) {
    if (key.region !== region) continue;
    if (key.id === keyId || key.arn === keyId || key.aliases.has(alias)) return key;
  }
  throw new AwsError("ResourceNotFoundException", `Key '${keyId}' does not exist`);
}

/** A use of a key that a service makes for its caller. */
export interface KeyUse {
  /** `kms:Decrypt` */
  readonly action: string;
  /** Undefined: the service's own key, which everybody in the account may use through it. */
  readonly keyArn: string | undefined;
  /** The service, in the form of `kms:ViaService`. */
  readonly via: "secretsmanager" | "ssm";
  readonly encryptionContext?: Readonly<Record<string, string>>;
  /** What the service tells its caller. */
  readonly refusal: string;
}

/**
 * Services use a customer-managed key in the name of their caller, so the caller needs the key too.
 * @throws {AccessDeniedException} with the service's own text.
 */
export function requireKey(authorizer: Authorizer, call: SignedCall, use: KeyUse): void {
  if (use.keyArn === undefined) return;
  const key = authorizer.account.keys.get(use.keyArn);
  const encryption = Object.entries(use.encryptionContext ?? {}).map(([name, value]) => [
    `kms:EncryptionContext:${name}`,
    value,
  ]);
  try {
    authorizer.require(call.caller, call.region, {
      action: use.action,
      resource: use.keyArn,
      resourcePolicy: key?.policy,
      resourcePolicyRequired: true,
      context: {
        "kms:ViaService": `${use.via}.${call.region}.amazonaws.com`,
        "kms:CallerAccount": authorizer.account.id,
        ...Object.fromEntries(encryption),
      },
    });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError("AccessDeniedException", use.refusal, { cause: error });
  }
}
