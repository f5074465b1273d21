import * as z from "zod/mini";
import { defineRotator, type Rotator } from "./define-rotator";

/** One pair of users of one database. */
export interface PostgresSettings {
  readonly host: string;
  /** @default 5432 */
  readonly port?: number | undefined;
  /** Where logins are proven. */
  readonly database: string;
  /**
   * The two users that take turns. Rotation changes their passwords and nothing else: what they may do is their
   * owner role's business.
   */
  readonly users: readonly [string, string];
  /** The role that either user must act as, so that what one makes is the other's too. @default not looked at */
  readonly ownerRole?: string | undefined;
  /**
   * The Secrets Manager entry of the login that may change the two passwords: a JSON object with `username` and
   * `password`.
   */
  readonly adminEntry: string;
  /** Certificates in PEM that the server's must come from. @default those of Node.js, which are the web's */
  readonly ca?: string | undefined;
  /** The name in the server's certificate, where it is not `host`: behind a CNAME or an address. @default `host` */
  readonly tlsServerName?: string | undefined;
}

/** What applications log in with. */
export type PostgresCredential = { readonly username: string; readonly password: string };

/** PostgreSQL cuts longer names off. */
const identifier = z.string().check(z.minLength(1), z.maxLength(63));
const text = z.string().check(z.minLength(1), z.maxLength(255));

/**
 * Rotates the password of a PostgreSQL login, by two users that take turns. TLS is always on and the server always
 * verified. The connections that there are go on: PostgreSQL looks at a password only when a session begins.
 */
export const postgres: Rotator = defineRotator<PostgresSettings, unknown, PostgresCredential>({
  name: "postgres",
  settings: z.strictObject({
    host: text,
    port: z.optional(z.int().check(z.minimum(1), z.maximum(65_535))),
    database: identifier,
    users: z
      .tuple([identifier, identifier])
      .check(z.refine(([first, second]) => first !== second, { error: "must be two different users" })),
    ownerRole: z.optional(identifier),
    adminEntry: text,
    ca: z.optional(z.string().check(z.minLength(1))),
    tlsServerName: z.optional(text),
  }),
  credential: z.strictObject({ username: z.string(), password: z.string().check(z.minLength(1)) }),
  // Users belong to the server, whatever the database: one in two pairs would be rotated by both.
  identity: ({ host, port = 5432, users }) => users.map((user) => `${host.toLowerCase()}:${port}/${user}`),
  connect: async (settings, tools) => {
    const { createPostgresTarget } = await import("./postgres-target.js");
    const target = createPostgresTarget(settings, tools);
    return () => target;
  },
});
