import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { entryId } from "../esc/entry-id";
import { type ArgumentIssue, refuse } from "./args";
import { checkNameParts } from "./names";

/** One Secrets Manager entry. Its value is put there by people or rotators, never by Pulumi. */
export interface SecretEntryArgs {
  /** Last part of the entry's name: `database` becomes `<project>/<stage>/database`. */
  name: string;
  /** What the entry holds and who uses it; shown in the AWS console. */
  description?: string;
}

/** A Secrets Manager entry that somebody else owns. */
export interface ExistingEntryArgs {
  /** What it is called here, among the names of `entries`. */
  name: string;
  /** Its full ARN, with the six characters that Secrets Manager put behind its name. */
  arn: pulumi.Input<string>;
}

export interface SecretEntriesArgs {
  /** First part of every entry's name, after the prefix. */
  project: string;
  /** Second part of every entry's name. */
  stage: string;
  /** Put in front of every entry's name, for accounts that several teams share: `acme-`. @default "" */
  namePrefix?: string;
  /** The entries to create. */
  entries: SecretEntryArgs[];
  /** Entries that are there already, in this account or another: listed among the outputs, and left alone. @default none */
  existing?: ExistingEntryArgs[];
  /** Customer-managed key that encrypts the entries. @default the account's `aws/secretsmanager` key */
  kmsKeyArn?: pulumi.Input<string>;
  /** Days in which a deleted entry can be restored: 7 to 30, or 0 for none. @default 30 */
  recoveryWindowInDays?: number;
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * The Secrets Manager entries of one stage, created without a value: a value given to Pulumi, write-only
 * arguments included, would be kept in the stack's state. Each entry refuses requests that do not come over TLS.
 *
 * @throws ResourceError listing every argument that cannot be used: names AWS would refuse, doubled names, a
 * recovery window outside AWS's limits.
 */
export class SecretEntries extends pulumi.ComponentResource {
  /** Entry name, as in `entries` and `existing`, to ARN. */
  readonly arns: pulumi.Output<Record<string, string>>;
  /** Entry name, as in `entries` and `existing`, to Secrets Manager name. */
  readonly names: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: SecretEntriesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("escapement:index:SecretEntries", name, {}, opts);
    refuse([...checkNameParts(args), ...checkEntries(args)], this);

    const arns: Record<string, pulumi.Output<string>> = {};
    const names: Record<string, pulumi.Input<string>> = {};
    for (const entry of args.existing ?? []) {
      const arn = pulumi.output(entry.arn).apply((arn) => {
        refuse(checkArn(`existing ${entry.name}`, arn), this);
        return arn;
      });
      arns[entry.name] = arn;
      names[entry.name] = arn.apply((arn) => arn.replace(/^.*:secret:|-[A-Za-z0-9]{6}$/g, ""));
    }
    for (const entry of args.entries) {
      const physicalName = entryId(args, entry.name);
      const secret = new aws.secretsmanager.Secret(
        `${name}-${entry.name}`,
        {
          name: physicalName,
          description: entry.description,
          kmsKeyId: args.kmsKeyArn,
          recoveryWindowInDays: args.recoveryWindowInDays ?? 30,
          tags: args.tags,
        },
        { parent: this },
      );
      new aws.secretsmanager.SecretPolicy(
        `${name}-${entry.name}-tls`,
        {
          secretArn: secret.arn,
          policy: pulumi.jsonStringify(tlsOnlyPolicy(secret.arn)),
          blockPublicPolicy: true,
        },
        { parent: this },
      );
      arns[entry.name] = secret.arn;
      names[entry.name] = physicalName;
    }
    this.arns = pulumi.output(arns);
    this.names = pulumi.output(names);
    if (pulumi.runtime.isDryRun()) {
      this.names.apply((names) => warnOfEmptyEntries(Object.values(names), this));
    }
    this.registerOutputs({ arns: this.arns, names: this.names });
  }
}

/**
 * Names the entries that nobody has put a value into yet: an environment that reads one of them does not open. What
 * is asked for is which versions an entry has (`ListSecretVersionIds`), which tells whether there is a value and
 * nothing of it; and by name, for in a preview the ARN of an entry that is yet to be created is unknown.
 */
async function warnOfEmptyEntries(names: readonly string[], resource: pulumi.Resource): Promise<void> {
  const found = await Promise.all(names.map((name) => lookUpValue(name, resource)));
  const withAnswer = (answer: EntryValue) => names.filter((_, index) => found[index] === answer).join(", ");
  const [empty, unknown] = [withAnswer("missing"), withAnswer("unknown")];
  if (empty !== "") {
    await pulumi.log.warn(
      `no value yet: ${empty}. Until each has one ("aws secretsmanager put-secret-value --secret-id <entry> ` +
        '--secret-string file://<file>"), environments that read them open only at their @live revision; then ' +
        '"escapement verify --promote" moves @live',
      resource,
    );
  }
  if (unknown !== "") {
    await pulumi.log.info(
      `whether these entries have a value cannot be told without secretsmanager:ListSecretVersionIds: ${unknown}`,
      resource,
    );
  }
}

type EntryValue = "present" | "missing" | "unknown";

async function lookUpValue(secretId: string, parent: pulumi.Resource): Promise<EntryValue> {
  try {
    const { versions } = await aws.secretsmanager.getSecretVersions({ secretId }, { parent });
    return versions.some(({ versionStages }) => versionStages.includes("AWSCURRENT")) ? "present" : "missing";
  } catch (error) {
    // An entry that is not there yet will be created without a value.
    return (error as Error).message.includes("ResourceNotFoundException") ? "missing" : "unknown";
  }
}

/**
 * Denies what does not come over TLS, but not the calls that AWS's own services make (rotation, replication,
 * requests forwarded for a caller): those may arrive without the key, and a plain deny would lock them out.
 */
export function tlsOnlyPolicy(secretArn: pulumi.Input<string>) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "DenyPlainTextTransport",
        Effect: "Deny",
        Principal: "*",
        Action: "secretsmanager:*",
        Resource: secretArn,
        Condition: {
          Bool: { "aws:SecureTransport": "false" },
          BoolIfExists: { "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false" },
        },
      },
    ],
  };
}

function checkEntries(args: SecretEntriesArgs): ArgumentIssue[] {
  const { entries, existing = [], recoveryWindowInDays: days } = args;
  const issues: ArgumentIssue[] = [];
  const seen = new Set<string>();
  const named = [
    ...entries.map(({ name }, index) => ({ name, path: `entries[${index}].name` })),
    ...existing.map(({ name }, index) => ({ name, path: `existing[${index}].name` })),
  ];
  existing.forEach(({ arn }, index) => {
    if (typeof arn === "string") issues.push(...checkArn(`existing[${index}].arn`, arn));
  });
  named.forEach(({ name, path }) => {
    if (!/^[A-Za-z0-9_+=.@-]{1,256}$/.test(name)) {
      issues.push({ path, reason: `"${name}" must be 1 to 256 of letters, digits and _ + = . @ -` });
    }
    if (seen.has(name)) issues.push({ path, reason: `"${name}" is listed twice` });
    seen.add(name);
  });
  if (days !== undefined && days !== 0 && !(Number.isInteger(days) && days >= 7 && days <= 30)) {
    issues.push({ path: "recoveryWindowInDays", reason: `${days} must be 0 or a whole number from 7 to 30` });
  }
  return issues;
}

/** A partial ARN, without the six characters, would match other entries in a policy, or none. */
function checkArn(path: string, arn: string): ArgumentIssue[] {
  if (/^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+-[A-Za-z0-9]{6}$/.test(arn))
    return [];
  return [{ path, reason: `"${arn}" must be the full ARN of a Secrets Manager entry` }];
}
