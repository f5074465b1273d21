import { quoteName, quoteText } from "./sql";

/** The roles of a rotated login. */
export interface PostgresGrants {
  /** Owns what the application makes. It cannot log in. */
  readonly ownerRole: string;
  /** The two that take turns. Either may be there already: an application's login of today. */
  readonly users: readonly [string, string];
  /** The login that the adapter changes their passwords with. Its password is yours to set. */
  readonly adminRole: string;
}

/**
 * SQL that makes the roles of a rotated login, for a superuser (on RDS: the master user) to run once in the database.
 * Run again, it changes nothing. It sets no password: the first rotation does.
 *
 * Both users act as the owner role from the moment they log in, so tables that one makes are the other's too, and a
 * grant to the role reaches both. The administrator may change these two roles and no other, on PostgreSQL 16 and
 * later; before that `CREATEROLE` reaches every role that is no superuser.
 */
export function postgresGrants({ ownerRole, users, adminRole }: PostgresGrants): string {
  const owner = quoteName(ownerRole);
  const admin = quoteName(adminRole);
  const create = (role: string, options: string) =>
    [
      `IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteText(role)}) THEN`,
      `    CREATE ROLE ${quoteName(role)} ${options};`,
      "  END IF;",
    ].join("\n");
  const ofUser = (user: string) => {
    const name = quoteName(user);
    return [
      create(user, "LOGIN"),
      `GRANT ${owner} TO ${name};`,
      `ALTER ROLE ${name} SET role = ${quoteText(ownerRole)};`,
      `GRANT ${name} TO ${admin} WITH ADMIN OPTION;`,
    ];
  };
  const statements = [
    create(ownerRole, "NOLOGIN"),
    create(adminRole, "LOGIN CREATEROLE"),
    ...users.flatMap(ofUser),
  ];
  return `DO $escapement$ BEGIN\n${statements.map((statement) => `  ${statement}\n`).join("")}END $escapement$;\n`;
}
