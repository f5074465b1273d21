import { checkServerIdentity } from "node:tls";
import { Client, DatabaseError } from "pg";
import { AdapterError } from "../errors";
import type { RotatorTools } from "./define-rotator";
import { generatePassword } from "./password";
import type { PostgresCredential, PostgresSettings } from "./postgres";
import { scramVerifier } from "./scram";
import { quoteName, quoteText } from "./sql";
import type { ChangeContext, Target } from "./target";

/** For connecting, and for each statement. */
const MILLISECONDS = 5_000;

/** PostgreSQL's documentation, appendix A: the login is refused; the login may not do this. */
const LOGIN_REFUSED = ["28000", "28P01"];
const NOT_ALLOWED = "42501";
/** query_canceled: what a change answers that came too late. */
const TOO_LATE = "57014";

/** The rotating part of the PostgreSQL rotator, apart from its definition because it loads the client. */
export function createPostgresTarget(
  settings: PostgresSettings,
  { readSecret }: RotatorTools,
): Target<PostgresCredential> {
  const { users, ownerRole, adminEntry } = settings;

  /** Runs one change as the administrator, unless it would take effect too late. */
  async function change(statement: string, { remaining }: ChangeContext): Promise<void> {
    const admin = parseAdmin(await readSecret(adminEntry), adminEntry);
    await withClient(settings, admin, async (client) => {
      const milliseconds = (await timeOfServer(client)) + remaining();
      // The server itself looks at its clock, for the statement may be held up on its way.
      await client.query(`DO $escapement$ BEGIN
        IF clock_timestamp() >= to_timestamp(${milliseconds} / 1000.0) THEN
          RAISE EXCEPTION USING ERRCODE = '${TOO_LATE}', MESSAGE = 'the lease is over';
        END IF;
        ${statement};
      END $escapement$`);
    }).catch((error: unknown) => {
      throw refusal(error, "the administrator");
    });
  }

  return {
    create: async ({ slot }) => ({ username: users[slot === "a" ? 0 : 1], password: generatePassword() }),

    async apply({ username, password }, context) {
      const verifier = quoteText(await scramVerifier(password));
      await change(`ALTER ROLE ${quoteName(username)} LOGIN PASSWORD ${verifier}`, context);
    },

    async verify(credential) {
      try {
        return await withClient(settings, credential, async (client) => {
          const { rows } = await client.query("SELECT session_user, current_user");
          const [{ session_user, current_user }] = rows;
          return session_user === credential.username && (ownerRole ?? current_user) === current_user;
        });
      } catch (error) {
        if (error instanceof DatabaseError && LOGIN_REFUSED.includes(error.code ?? "")) return false;
        throw refusal(error, "the new login");
      }
    },

    async revoke({ username }, { remaining, keep }) {
      // The other credential of a user died when this one's password was changed.
      if ([...users, ...keep.map((kept) => kept.username)].includes(username)) return;
      await change(`ALTER ROLE ${quoteName(username)} PASSWORD NULL`, { remaining });
    },

    slotOf({ username }) {
      if (username === users[0]) return "a";
      return username === users[1] ? "b" : undefined;
    },
  };
}

async function withClient<T>(
  settings: PostgresSettings,
  login: PostgresCredential,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { host, port = 5432, database, ca, tlsServerName = host } = settings;
  // Everything is said: what is not, the client would take from the environment.
  const client = new Client({
    host,
    port,
    database,
    user: login.username,
    password: login.password,
    ssl: {
      ...(ca !== undefined && { ca }),
      rejectUnauthorized: true,
      // The client sets the name that it asks for itself; this is the one that the certificate must have.
      checkServerIdentity: (_asked, certificate) => checkServerIdentity(tlsServerName, certificate),
    },
    connectionTimeoutMillis: MILLISECONDS,
    statement_timeout: MILLISECONDS,
    query_timeout: MILLISECONDS,
    application_name: "escapement",
  });
  // A connection that breaks fails the query that is under way; without a listener it would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Milliseconds since 1970, a moment ago. */
async function timeOfServer(client: Client): Promise<number> {
  const { rows } = await client.query("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS now");
  return Number(rows[0].now);
}

function parseAdmin(text: string, entry: string): PostgresCredential {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const { username, password } = (value ?? {}) as Partial<PostgresCredential>;
  if (typeof username !== "string" || typeof password !== "string") {
    throw new AdapterError(
      "target_denied",
      `the entry ${entry} is no JSON object with username and password`,
    );
  }
  return { username, password };
}

/** Only the code is kept: the server's messages quote what was asked. */
function refusal(error: unknown, who: string): AdapterError {
  if (error instanceof AdapterError) return error;
  const code = (error as { code?: unknown }).code;
  const name = typeof code === "string" ? code : error instanceof Error ? error.name : typeof error;
  if (name === TOO_LATE)
    return new AdapterError("rotation_timeout", "PostgreSQL had no time left for the change");
  const denied = name === NOT_ALLOWED || LOGIN_REFUSED.includes(name);
  return new AdapterError(
    denied ? "target_denied" : "target_unavailable",
    `PostgreSQL refused ${who}: ${name}`,
    { cause: error },
  );
}
