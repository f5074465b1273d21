import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { Client } from "pg";
import { rotatedEnvironmentName } from "../esc/environments/rotated";
import { postgresGrants } from "../lambda/rotators/postgres-grants";
import { openAdministratorSession } from "./aws";
import { secretsManagerClient } from "./aws-clients";
import type { LaptopCloud } from "./cloud";
import { type PostgresServer, SERVER_NAME, startPostgres } from "./postgres/server";
import type { RotationEvent } from "./pulumi";
import { readOpened } from "./testing/opened";

export interface RotationDemoOptions {
  readonly cloud: LaptopCloud;
  /** The folder of the program that deploys the rotating adapter: `examples/rotation`. */
  readonly directory: string;
  readonly signal?: AbortSignal;
}

/** What became of it. Safe to print: it holds no credential. */
export interface RotationReport {
  readonly ok: boolean;
  /** What went wrong, one a line. Empty when `ok`. */
  readonly problems: readonly string[];
  /** In order. The first makes the credential; the others happen while both clients are at it. */
  readonly rotations: readonly {
    /** Revision of the environment that holds the new state. */
    readonly revision: number;
    readonly slot: string;
    readonly version: string;
    readonly milliseconds: number;
  }[];
  /** One client logs in anew for each query with `current`; the other keeps a session that it began with `previous`. */
  readonly queries: { readonly current: number; readonly previous: number; readonly failed: number };
}

const ADMIN_ROLE = "orders_rotator";
const OWNER_ROLE = "orders_owner";
const USERS = ["orders_a", "orders_b"] as const;
const ROTATIONS = 2;
/** How long the clients go on with each state at least. */
const QUERYING_MILLISECONDS = 150;

/**
 * Rotates a real PostgreSQL credential: brings the rotating adapter up, has ESC rotate the environment through it, and
 * keeps two clients querying meanwhile, as applications do.
 *
 * @throws Error where there is no PostgreSQL server, or the program does not come up
 */
export async function runRotationDemo(options: RotationDemoOptions): Promise<RotationReport> {
  const server = await startPostgres();
  try {
    return await new Demo(options, server).run();
  } finally {
    await server.stop();
  }
}

interface Login {
  readonly username: string;
  readonly password: string;
}

interface State extends Login {
  readonly slot: string;
  readonly version: string;
  readonly previous?: Login;
}

class Demo {
  readonly #cloud: LaptopCloud;
  readonly #options: RotationDemoOptions;
  readonly #server: PostgresServer;
  readonly #problems: string[] = [];
  readonly #passwords = new Set<string>();
  readonly #queries = { current: 0, previous: 0, failed: 0 };
  #state: State | undefined;

  constructor(options: RotationDemoOptions, server: PostgresServer) {
    this.#cloud = options.cloud;
    this.#options = options;
    this.#server = server;
  }

  async run(): Promise<RotationReport> {
    await this.#bringUp();
    const id = {
      organization: this.#cloud.organization,
      project: "orders",
      name: rotatedEnvironmentName({ stage: "staging", name: "database" }),
    };
    const rotate = () => this.#rotate(id);
    const rotations = [await rotate()];
    const first = this.#state;
    const ended = new AbortController();
    const clients = [this.#queryWithCurrent(ended.signal), this.#queryWithPrevious(ended.signal)];
    for (let turn = 0; turn < ROTATIONS; turn += 1) {
      await wait(QUERYING_MILLISECONDS);
      rotations.push(await rotate());
    }
    await wait(QUERYING_MILLISECONDS);
    ended.abort();
    await Promise.all(clients);

    await this.#checkWhatIsLeft(first);
    const { failed } = this.#queries;
    if (failed > 0) this.#problems.push(`${failed} queries failed`);
    return {
      ok: this.#problems.length === 0,
      problems: this.#problems,
      rotations: rotations.flatMap((rotation) => rotation ?? []),
      queries: this.#queries,
    };
  }

  /** The roles at the server, the program, and the administrator's login in its entry. */
  async #bringUp(): Promise<void> {
    const { host, port, ca } = this.#server;
    const password = randomBytes(18).toString("base64url");
    this.#passwords.add(password);
    const superuser = await this.#server.connect();
    await superuser.query(postgresGrants({ ownerRole: OWNER_ROLE, users: USERS, adminRole: ADMIN_ROLE }));
    // An administrator's own first password is the one thing that is set in plain text.
    await superuser.query("SET log_statement = 'none'");
    await superuser.query(`ALTER ROLE ${ADMIN_ROLE} PASSWORD '${password}'`);
    await superuser.end();

    const { directory, signal } = this.#options;
    const database = JSON.stringify({ host, port, database: "postgres", ca, tlsServerName: SERVER_NAME });
    const deployment = await this.#cloud.deploy({
      directory,
      stack: "staging",
      operation: "up",
      config: { "orders:database": database },
      signal,
    });
    if (deployment.failure)
      throw new Error(`the rotating adapter did not come up: ${deployment.failure.message}`);
    const { adminEntryName } = this.#cloud.outputs("orders/staging") ?? {};
    const { account } = this.#cloud;
    const entry = [...account.secrets.values()].find(({ name }) => name === adminEntryName);
    if (entry === undefined) throw new Error("the program exports no entry for the administrator");
    const client = secretsManagerClient(
      this.#cloud.awsClientOptions(entry.region),
      openAdministratorSession(account),
    );
    const SecretString = JSON.stringify({ username: ADMIN_ROLE, password });
    await client.send(new PutSecretValueCommand({ SecretId: entry.arn, SecretString }));
  }

  async #rotate(id: { organization: string; project: string; name: string }) {
    const begun = performance.now();
    const { esc } = this.#cloud;
    const event: RotationEvent = await esc.rotate(id);
    const milliseconds = Math.round(performance.now() - begun);
    if (event.status === "failed" || event.postRotationRevision === undefined) {
      const why = event.rotations.flatMap(({ errorMessage }) => errorMessage ?? []);
      this.#problems.push(
        `a rotation failed: ${[...why, ...event.diagnostics.map(({ summary }) => summary)].join("; ")}`,
      );
      return undefined;
    }
    const session = await esc.open(id);
    const { rotated } = readOpened(esc.readSession(id, session.id)).values as {
      rotated: { database: { current: State } };
    };
    const state = rotated.database.current;
    for (const { password } of [state, ...(state.previous ? [state.previous] : [])])
      this.#passwords.add(password);
    this.#state = state;
    return { revision: event.postRotationRevision, slot: state.slot, version: state.version, milliseconds };
  }

  /** An application without a pool: a login for each query, with what ESC says by then. */
  async #queryWithCurrent(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await this.#attempt("current", async () => {
        const client = await this.#logIn(this.#state);
        await client.query("SELECT 1").finally(() => client.end());
      });
    }
  }

  /** An application behind the times: it begins a session with `previous` and keeps it until there is another. */
  async #queryWithPrevious(ended: AbortSignal): Promise<void> {
    let known: Login | undefined;
    let client: Client | undefined;
    while (!ended.aborted) {
      const previous = this.#state?.previous;
      if (previous === undefined) {
        await wait(2);
        continue;
      }
      await this.#attempt("previous", async () => {
        if (client === undefined || known?.password !== previous.password) {
          await client?.end();
          client = await this.#logIn(previous);
          known = previous;
        }
        await client.query("SELECT 1");
      });
      await wait(2);
    }
    await client?.end();
  }

  async #attempt(which: "current" | "previous", query: () => Promise<void>): Promise<void> {
    try {
      await query();
      this.#queries[which] += 1;
    } catch (error) {
      this.#queries.failed += 1;
      const { code, name } = error as { code?: string; name?: string };
      this.#problems.push(`a query with ${which} failed: ${code ?? name}`);
    }
  }

  async #logIn(login: Login | undefined): Promise<Client> {
    const { host, port, ca } = this.#server;
    const client = new Client({
      host,
      port,
      database: "postgres",
      user: login?.username,
      password: login?.password,
      ssl: { ca, servername: SERVER_NAME },
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /** The first credential is dead by now, and no password is where it should not be. */
  async #checkWhatIsLeft(first: State | undefined): Promise<void> {
    const alive = await this.#logIn(first).then(
      (client) => client.end().then(() => true),
      () => false,
    );
    if (alive) this.#problems.push("the first credential still works after two more rotations");
    const places = {
      "the server's log": this.#server.log(),
      "a function's log": JSON.stringify([...this.#cloud.account.logGroups.values()]),
      "the environment's definition": JSON.stringify(
        this.#cloud.esc.store.content().environments.map(({ revisions }) => revisions),
      ),
    };
    for (const [place, text] of Object.entries(places)) {
      if ([...this.#passwords].some((password) => text.includes(password))) {
        this.#problems.push(`${place} holds a password`);
      }
    }
  }
}
