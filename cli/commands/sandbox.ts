import { rename, rm, writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import type { LaptopCloud } from "../../sandbox/cloud";
import { readStackSettings } from "../../sandbox/engine";
import { type MainJobReport, type ProgressStep, runMainJob } from "../../sandbox/main-job";
import { renderReport } from "../../sandbox/report";
import { serve } from "../../sandbox/serve";
import { CommandFailure, EXIT } from "../exit";
import { withCloud } from "../with-cloud";
import { deployCommands } from "./sandbox-deploy";

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly envFile: string;
  readonly stateDir?: string;
}

/** `escapement sandbox`: the main job; `escapement sandbox serve` keeps the cloud up afterwards. */
export function sandboxCommand(): Command {
  const command = new Command("sandbox")
    .description(
      "Provision this folder's Pulumi program into a cloud on this machine, check and open its environments.",
    )
    .option("--json", "one JSON object on stdout instead of the report; progress goes to stderr either way")
    .addHelpText(
      "after",
      "\nNo account, no credential and no network is needed, and nothing leaves this machine.",
    );
  command.action(({ json = false }: { json?: boolean }) => run(json));
  command
    .command("serve")
    .description("Keep the cloud up for the official pulumi env and esc commands and for SDKs, until Ctrl-C.")
    .option("--host <address>", "loopback address to listen on", "127.0.0.1")
    .option("--port <number>", "port of the ESC service; 0 takes a free one", parsePort, 0)
    .requiredOption("--env-file <file>", "where to write the variables that clients need, once it answers")
    .option(
      "--state-dir <folder>",
      "serve the cloud that is kept there, as it is, and keep what becomes of it",
    )
    .action((options: ServeOptions) => runServe(options));
  for (const deploy of deployCommands()) command.addCommand(deploy);
  return command;
}

async function run(json: boolean): Promise<void> {
  await withCloud({ directory: process.cwd() }, async ({ cloud, signal }) => {
    const report = await provision(cloud, signal);
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report));
    if (!report.ok) throw new CommandFailure(EXIT.finding);
  });
}

async function runServe({ host, port, envFile, stateDir: stateDirectory }: ServeOptions): Promise<void> {
  await withCloud({ directory: process.cwd(), stateDirectory }, async ({ cloud, signal, save }) => {
    if (stateDirectory === undefined) {
      const report = await provision(cloud, signal);
      if (!report.ok) throw new CommandFailure(EXIT.finding, renderReport(report));
    }
    const { project, config } = await readStackSettings({ directory: process.cwd(), stack: "staging" });
    const adapterUrl = cloud.outputs(`${project}/staging`)?.adapterUrl;
    const server = await serve({
      cloud,
      host,
      port,
      region: config["aws:region"] ?? cloud.account.region,
      ...(typeof adapterUrl === "string" && { adapterUrl }),
    });
    try {
      await writeEnvFile(envFile, server.variables);
      process.stdout.write(
        `${server.variables.PULUMI_BACKEND_URL} answers; the variables for clients are in ${envFile}\n`,
      );
      await aborted(signal);
    } finally {
      await server.stop();
      save();
      await rm(envFile, { force: true });
    }
  });
}

async function provision(cloud: LaptopCloud, signal: AbortSignal): Promise<MainJobReport> {
  const directory = process.cwd();
  return runMainJob({ cloud, directory, onProgress, signal });
}

function onProgress({ stack, operation, ok, durationMs }: ProgressStep): void {
  const time = `${(durationMs / 1000).toFixed(1)} s`;
  process.stderr.write(`${ok ? "✓" : "✗"} ${operation.padEnd(7)} ${stack.padEnd(24)} ${time.padStart(6)}\n`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Written whole and by rename, and for this user only: it holds a token. */
async function writeEnvFile(file: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const text = Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, file);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError("must be a number from 0 to 65535");
  return port;
}
