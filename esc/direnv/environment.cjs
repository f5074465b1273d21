// @ts-check
// Opens an environment of Pulumi ESC and prints `export NAME='value'` lines for a shell: what use_escapement.sh evaluates.
//
//   node environment.cjs <process> <[organization/]project/name[@version]> [variable that has to be there…]
//
// Plain JavaScript that needs nothing but Node: direnv runs it at every load, from the package as it was installed.
// Values are in memory and on the pipe to the shell, in no file and on no command line. On failure nothing goes to
// stdout, and one line to stderr says why.
"use strict";
const { execFile } = require("node:child_process");
const { createHash } = require("node:crypto");
const { readFileSync, statSync } = require("node:fs");
const path = require("node:path");
const { stripVTControlCharacters } = require("node:util");

/** Seconds for everything that is asked of the service. */
const TIMEOUT = Number(process.env.ESCAPEMENT_TIMEOUT || 30);
/** Seconds for which what was opened counts as current while the revision stays: what it imports has its own. */
const MAX_AGE = Number(process.env.ESCAPEMENT_MAX_AGE || 3600);
const LOADED = "ESCAPEMENT_LOADED";
const MAX_OUTPUT = 16 * 1024 * 1024;

/** What the user is told, on one line. */
class Failure extends Error {}

/** Nobody answers: to ask for something else would not help. */
class Unreachable extends Failure {}

/** @typedef {{ text: string, environment: string, organization: string | undefined, project: string, name: string, version: string | undefined }} Target */
/** @typedef {{ open(): Promise<Map<string, string>>, revision(): Promise<number | undefined> }} Opener */

/**
 * @param {string} text
 * @returns {Target}
 */
function readTarget(text) {
  const word = "[A-Za-z0-9_.-]+";
  const match = new RegExp(`^(?:(${word})/)?(${word})/(${word})(?:@(${word}))?$`).exec(text);
  if (!match || text.startsWith("-"))
    throw new Failure(`"${text}" must be [organization/]project/name, with @version if any`);
  const [, organization, project = "", name = "", version] = match;
  return { text, environment: text.replace(/@.*/, ""), organization, project, name, version };
}

/** @param {string} command */
function onPath(command) {
  return (process.env.PATH || "").split(path.delimiter).some((folder) => {
    try {
      return folder !== "" && (statSync(path.join(folder, command)).mode & 0o111) !== 0;
    } catch {
      return false;
    }
  });
}

/**
 * `pulumi env …`, or the older `esc env …`, which is the same.
 * @param {"pulumi" | "esc"} command
 * @param {Target} target
 * @returns {Opener}
 */
function commandLine(command, { text, environment, version }) {
  /** @param {string[]} args */
  const run = (args) =>
    new Promise((resolve, reject) => {
      const options = {
        timeout: TIMEOUT * 1000,
        maxBuffer: MAX_OUTPUT,
        killSignal: /** @type {const} */ ("SIGKILL"),
        env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
      };
      const child = execFile(command, ["env", ...args], options, (error, stdout, stderr) => {
        if (error === null) return resolve({ stdout, stderr });
        const title = `${command} env ${args[0]} ${text}`;
        if (error.killed) return reject(new Unreachable(`${title}: no answer within ${TIMEOUT} seconds`));
        reject(new Failure(`${title}: ${reasonIn(stderr) ?? `ended with ${error.code}`}`));
      });
      // Neither asks: a prompt could not be answered here.
      child.stdin?.end();
    });
  return {
    async open() {
      const { stdout, stderr } = await run(["open", text, "environmentVariables", "--format", "json"]);
      // A definition that ESC refuses to open makes the command end with 0, say why on stderr, and print nothing.
      if (stdout.trim() === "")
        throw new Failure(`${text} does not open: ${reasonIn(stderr) ?? "no reason was given"}`);
      return readVariables(stdout, (plainValues) => Object.entries(plainValues ?? {}));
    },
    async revision() {
      if (/^\d+$/.test(version ?? "")) return Number(version);
      const { stdout } = await run(["version", `${environment}@${version ?? "latest"}`]);
      const [, revision] = /revision (\d+)/i.exec(plain(stdout)) ?? [];
      return revision === undefined ? undefined : Number(revision);
    },
  };
}

/**
 * ESC's REST API, with PULUMI_ACCESS_TOKEN: for machines without either command, and for the sandbox.
 * @param {Target} target
 * @returns {Opener}
 */
function rest({ text, organization = process.env.PULUMI_ORG, project, name, version }) {
  if (!organization)
    throw new Failure(`${text}: which organization? Write organization/${text}, or set PULUMI_ORG`);
  const backend = (process.env.PULUMI_BACKEND_URL || "https://api.pulumi.com").replace(/\/+$/, "");
  const token = process.env.PULUMI_ACCESS_TOKEN || "";
  const base = `/api/esc/environments/${organization}/${project}/${name}`;
  /** @param {string} method @param {string} at */
  const ask = async (method, at) => {
    let response;
    let body;
    try {
      response = await fetch(`${backend}${base}${at}`, {
        method,
        headers: { authorization: `token ${token}`, accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT * 1000),
      });
      body = await response.text();
    } catch (error) {
      const { name: kind, cause } = /** @type {Error & { cause?: { code?: string } }} */ (error);
      const why = kind === "TimeoutError" ? `within ${TIMEOUT} seconds` : `(${cause?.code ?? kind})`;
      throw new Unreachable(`${backend} did not answer ${why}: is it up, and is PULUMI_BACKEND_URL right?`);
    }
    if (response.ok) return body;
    if (response.status === 401) throw new Failure(`${backend} refuses PULUMI_ACCESS_TOKEN`);
    throw new Failure(
      `${text} does not open: ${refusalIn(body) ?? `${backend} answered ${response.status}`}`,
    );
  };
  return {
    async open() {
      const opened = JSON.parse(await ask("POST", `${version ? `/versions/${version}` : ""}/open`));
      if (opened.diagnostics?.length > 0)
        throw new Failure(`${text} does not open: ${refusalIn(JSON.stringify(opened))}`);
      return readVariables(await ask("GET", `/open/${encodeURIComponent(opened.id)}`), (whole) =>
        Object.entries(whole.properties?.environmentVariables?.value ?? {}).map(([name, value]) => [
          name,
          value?.value,
        ]),
      );
    },
    async revision() {
      if (/^\d+$/.test(version ?? "")) return Number(version);
      const { revision } = JSON.parse(await ask("GET", `/versions/tags/${version ?? "latest"}`));
      return typeof revision === "number" ? revision : undefined;
    },
  };
}

/** @param {string} text what a command said on stderr */
function reasonIn(text) {
  const lines = text
    .split("\n")
    .map((line) => plain(line).trim())
    .filter((line) => line !== "" && !/^warning:/i.test(line));
  return lines.length === 0 ? undefined : lines.slice(0, 4).join("; ");
}

/** @param {string} body */
function refusalIn(body) {
  try {
    const { message, diagnostics = [] } = JSON.parse(body);
    const found = diagnostics.map((/** @type {any} */ { summary, path: at, range }) => {
      const begin = range?.begin;
      const where = begin ? `${range.environment ?? ""}:${begin.line}:${begin.column}` : undefined;
      return [where, at, summary].filter(Boolean).join(": ");
    });
    return plain(found.length > 0 ? found.slice(0, 4).join("; ") : message);
  } catch {
    return undefined;
  }
}

/** Without what moves a terminal's cursor. @param {string} text */
function plain(text) {
  return stripVTControlCharacters(text)
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "?");
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What bash does not let anybody set, and what direnv keeps its own state in. */
const REFUSED = /^(?:DIRENV_.*|BASHOPTS|BASH_VERSINFO|EUID|PPID|SHELLOPTS|UID|ESCAPEMENT_LOADED)$/;

/**
 * The variables as ESC exports them: scalars, null as an empty text; lists and objects are left out.
 * @param {string} json
 * @param {(parsed: any) => [string, unknown][]} pick
 * @returns {Map<string, string>}
 */
function readVariables(json, pick) {
  // JSON.parse would change numbers (9007199254740993): they become texts first.
  const exact = json.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    token[0] === '"' ? token : `"${token}"`,
  );
  const scalars = pick(JSON.parse(exact)).filter(([, value]) => typeof value !== "object" || value === null);
  return new Map(scalars.map(([name, value]) => [name, String(value ?? "")]));
}

/** In single quotes nothing means anything to a shell but a single quote. @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** @param {Target} target @param {Map<string, string>} variables @param {string[]} required */
function refuse({ text }, variables, required) {
  const missing = required.filter((name) => !variables.get(name));
  if (missing.length > 0) {
    throw new Failure(
      `${text} has no ${missing.join(", no ")}: set ${missing.length > 1 ? "them" : "it"} there under environmentVariables`,
    );
  }
  for (const [name, value] of variables) {
    if (!NAME.test(name))
      throw new Failure(`${text}: ${JSON.stringify(name)} cannot be the name of a variable`);
    if (REFUSED.test(name))
      throw new Failure(`${text}: ${name} cannot be set: it belongs to bash or to direnv`);
    if (value.includes("\0"))
      throw new Failure(`${text}: the value of ${name} holds a NUL, which no variable can`);
  }
}

/**
 * What was opened, and a digest of what came of it: a variable that was changed by hand is not what was loaded.
 * @param {string} identity @param {number} revision @param {number} opened
 * @param {Map<string, string>} variables
 */
function seal(identity, revision, opened, variables) {
  const names = [...variables.keys()].sort();
  const digest = createHash("sha256").update(
    JSON.stringify([identity, revision, opened, names.map((name) => [name, variables.get(name)])]),
  );
  return `${identity}@${revision} ${opened} ${digest.digest("base64url")} ${names.join(",")}`;
}

/**
 * What the shell has loaded already, when it is this revision, not too old and not changed since.
 * @param {string} shell the process whose environment is the shell's @param {string} identity
 */
function loadedBefore(shell, identity) {
  const before = environmentOf(shell);
  const [, revision, opened, names] = /@(\d+) (\d+) [\w-]+ ([\w,]*)$/.exec(before.get(LOADED) ?? "") ?? [];
  if (names === undefined) return undefined;
  const variables = new Map();
  for (const name of names.split(",").filter(Boolean)) variables.set(name, before.get(name) ?? "");
  const age = Math.floor(Date.now() / 1000) - Number(opened);
  const same = before.get(LOADED) === seal(identity, Number(revision), Number(opened), variables);
  return same && age >= 0 && age < MAX_AGE
    ? { revision: Number(revision), variables, seal: /** @type {string} */ (before.get(LOADED)) }
    : undefined;
}

/** On Linux; elsewhere nothing is known, and the environment is opened again. @param {string} shell */
function environmentOf(shell) {
  try {
    if (!/^\d+$/.test(shell)) return new Map();
    const entries = readFileSync(`/proc/${shell}/environ`, "utf8").split("\0");
    return new Map(
      entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
  } catch {
    return new Map();
  }
}

/** @param {Target} target @returns {Opener} */
function openerFor(target) {
  const wanted = process.env.ESCAPEMENT_OPEN_WITH || "";
  if (wanted !== "" && !["pulumi", "esc", "rest"].includes(wanted))
    throw new Failure("ESCAPEMENT_OPEN_WITH must be pulumi, esc or rest");
  for (const command of /** @type {const} */ (["pulumi", "esc"])) {
    if (wanted === command || (wanted === "" && onPath(command))) return commandLine(command, target);
  }
  if (process.env.PULUMI_ACCESS_TOKEN) return rest(target);
  throw new Failure(
    "the pulumi command is not installed, and PULUMI_ACCESS_TOKEN is not set: one of them is needed",
  );
}

/** Without a revision the environment is opened, which then says what is wrong with it. @param {unknown} error */
function tolerate(error) {
  if (error instanceof Unreachable) throw error;
  return undefined;
}

/** @param {string[]} args */
async function main([shell = "", text = "", ...required]) {
  const target = readTarget(text);
  const opener = openerFor(target);
  const identity = `${process.env.PULUMI_BACKEND_URL || "-"} ${target.text}`;
  const before = loadedBefore(shell, identity);
  // Asked before opening: what is written meanwhile then counts as new at the next load.
  const revision = MAX_AGE > 0 ? await opener.revision().catch(tolerate) : undefined;
  const kept =
    before !== undefined &&
    before.revision === revision &&
    required.every((name) => before.variables.get(name));
  const variables = kept ? before.variables : await opener.open();
  refuse(target, variables, required);
  const lines = [...variables].map(([name, value]) => `export ${name}=${quote(value)}`);
  if (kept) lines.push(`export ${LOADED}=${quote(before.seal)}`);
  else if (revision !== undefined)
    lines.push(
      `export ${LOADED}=${quote(seal(identity, revision, Math.floor(Date.now() / 1000), variables))}`,
    );
  const what = revision === undefined ? text : `${text}, revision ${revision}`;
  process.stderr.write(
    `direnv: escapement: ${kept ? "unchanged" : "opened"}: ${what}: ${variables.size} variables\n`,
  );
  process.stdout.write(`${lines.join("\n")}\n`);
}

main(process.argv.slice(2)).catch((error) => {
  // Nothing but a Failure is shown: another error could carry a value.
  const reason =
    error instanceof Failure ? error.message : `could not read what the service answered (${error.name})`;
  process.stderr.write(`direnv: escapement: ${reason}\n`);
  process.exitCode = 1;
});
