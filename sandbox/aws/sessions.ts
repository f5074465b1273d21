import { type Account, makeAccessKeyId, makeArn, makeUniqueId, type Role, type Session } from "./account";

/** What a session of a role is opened with. Whether it may be, was decided before. */
export interface NewSession {
  readonly name: string;
  readonly durationSeconds: number;
  /** Session policies, JSON text. */
  readonly policies?: readonly string[];
  /** Condition keys that stay with the session. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Opens a session of a role: temporary keys that can sign requests until they expire. */
export function openSession(
  account: Account,
  role: Role,
  session: NewSession,
): Session & { expiresAt: Date } {
  const now = account.now();
  const opened = {
    accessKeyId: makeAccessKeyId(account, "ASIA"),
    secretAccessKey: Buffer.from(account.random(30)).toString("base64"),
    sessionToken: Buffer.from(account.random(192)).toString("base64"),
    arn: makeArn(account, "sts", "", `assumed-role/${role.name}/${session.name}`),
    userId: `${role.id}:${session.name}`,
    issuedAt: new Date(now),
    expiresAt: new Date(now + session.durationSeconds * 1000),
    roleArn: role.arn,
    policies: session.policies ?? [],
    context: session.context ?? {},
  };
  account.sessions.set(opened.accessKeyId, opened);
  return opened;
}

/**
 * A key of the account's administrator, who may do everything. The sandbox puts values in place with it; the
 * program and everything that it deploys never see it.
 */
export function openAdministratorSession(account: Account): Session {
  const session: Session = {
    accessKeyId: makeAccessKeyId(account, "AKIA"),
    secretAccessKey: Buffer.from(account.random(30)).toString("base64"),
    sessionToken: undefined,
    arn: makeArn(account, "iam", "", "user/administrator"),
    userId: makeUniqueId(account, "AIDA"),
    issuedAt: new Date(account.now()),
    expiresAt: undefined,
    roleArn: undefined,
    policies: [],
    context: { "aws:username": "administrator" },
  };
  account.sessions.set(session.accessKeyId, session);
  return session;
}
