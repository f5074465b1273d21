import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { migrateCommand } from "../../cli/commands/migrate";
import { CommandFailure, EXIT } from "../../cli/exit";
import { writeInto } from "../support/write-into";

/** What the command printed and ended with. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  /** What it said on stderr. */
  readonly error: string;
}

/** The command in this process, with these variables in its environment. */
export async function migrate(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Ran> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  let out = "";
  let progress = "";
  try {
    const print = (text: string) => {
      out += text;
    };
    const command = migrateCommand({ write: print, progress: (text) => (progress += text) });
    await command.exitOverride().parseAsync([...args], { from: "user" });
    return { code: EXIT.good, out, error: progress };
  } catch (error) {
    const code = error instanceof CommandFailure ? error.exitCode : EXIT.cannotRun;
    return { code, out, error: `${progress}${(error as Error).message}` };
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

/** A folder that is a person's repository, with the commands that they have installed. */
export class Workplace {
  readonly folder = mkdtempSync(path.join(tmpdir(), "escapement-migrate-"));

  path(...names: readonly string[]): string {
    return path.join(this.folder, ...names);
  }

  write(file: string, text: string): string {
    return writeInto(this.folder, file, text);
  }

  read(file: string): string {
    return readFileSync(this.path(file), "utf8");
  }

  /**
   * Puts a command on the PATH that answers each line of arguments with a text, and fails for any other. It stands for
   * 1Password's and Pulumi's own, which cannot be had here.
   */
  install(name: string, answers: Readonly<Record<string, string>>): void {
    const cases = Object.entries(answers).map(
      ([args, text]) => `${quote(args)}) printf %s ${quote(text)} ;;`,
    );
    const script = `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\n*) echo "no item for: $*" >&2; exit 1 ;;\nesac\n`;
    chmodSync(this.write(`bin/${name}`, script), 0o755);
  }

  /** `PATH` with the installed commands in front. */
  get variables(): Record<string, string> {
    return { PATH: `${this.path("bin")}:${process.env.PATH}` };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** When a request that passes is stopped: never, before it reaches the service, or after the service has done it. */
export type Stop = "never" | "before" | "after";

/** Something between a client and a service that can cut the line. */
export interface Line {
  readonly url: string;
  /** Requests that have come since the last `reset`. */
  readonly count: number;
  reset(): void;
  close(): Promise<void>;
}

/** @param stopping decides for each request, by its number from 1; told again through `cut` once it has happened */
export async function openLine(
  service: string,
  stopping: (number: number) => Stop,
  cut: () => void = () => {},
): Promise<Line> {
  let count = 0;
  const server = createServer((incoming, response) => {
    const stop = stopping(++count);
    const hangUp = () => {
      cut();
      incoming.socket.destroy();
    };
    if (stop === "before") return hangUp();
    pass(incoming, response, service, stop === "after" ? hangUp : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get count() {
      return count;
    },
    reset() {
      count = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(
  incoming: IncomingMessage,
  response: ServerResponse,
  service: string,
  hangUp: (() => void) | undefined,
): void {
  const { hostname, port } = new URL(service);
  const { method, url, headers } = incoming;
  // With the host that the client named: its signature is over that.
  const onward = forward({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
    if (hangUp !== undefined) {
      answer.resume().once("end", hangUp);
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  incoming.pipe(onward);
}
