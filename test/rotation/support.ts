import { Client } from "pg";
import type { Credential } from "../../lambda/rotators/credential";
import type { PostgresSettings } from "../../lambda/rotators/postgres";
import { postgresGrants } from "../../lambda/rotators/postgres-grants";
import { type PostgresServer, SERVER_NAME } from "../../sandbox/postgres/server";

export const OWNER_ROLE = "orders_owner";
export const USERS = ["orders_a", "orders_b"] as const;
export const ADMIN = { username: "orders_rotator", password: "admin-Password-7e61" };

/** Makes the roles, and answers what a rotation of them is configured with. */
export async function prepareServer(server: PostgresServer): Promise<PostgresSettings> {
  const superuser = await server.connect();
  const grants = { ownerRole: OWNER_ROLE, users: USERS, adminRole: ADMIN.username };
  for (let turn = 0; turn < 2; turn += 1) await superuser.query(postgresGrants(grants));
  await superuser.query("SET log_statement = 'none'");
  await superuser.query(`ALTER ROLE ${ADMIN.username} PASSWORD '${ADMIN.password}'`);
  await superuser.query(`GRANT CREATE ON SCHEMA public TO ${OWNER_ROLE}`);
  await superuser.end();
  return settingsOf(server);
}

export function settingsOf({ host, port, ca }: PostgresServer): PostgresSettings {
  return {
    host,
    port,
    database: "postgres",
    users: USERS,
    ownerRole: OWNER_ROLE,
    adminEntry: "app/staging/orders-admin",
    ca,
    tlsServerName: SERVER_NAME,
  };
}

export const readSecret = async () => JSON.stringify(ADMIN);

/** A session of an application, which it has to end. */
export async function logIn({ host, port, ca }: PostgresServer, login: Credential): Promise<Client> {
  const { username: user, password } = login as { username: string; password: string };
  const client = new Client({
    host,
    port,
    user,
    password,
    database: "postgres",
    ssl: { ca, servername: SERVER_NAME },
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Whether a login works. */
export async function canLogIn(server: PostgresServer, login: Credential): Promise<boolean> {
  try {
    const client = await logIn(server, login);
    await client.end();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "28P01") return false;
    throw error;
  }
}
