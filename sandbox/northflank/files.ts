import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Whose a file is to be, as Northflank's protocol has it. */
export interface FileOwner {
  readonly policy: "AlwaysSetExplicit" | "KeepOrSetExplicit" | "AlwaysSetInherited" | "KeepOrSetInherited";
  readonly value?: string;
}

/** A file of Northflank's answer. */
export interface SecretFile {
  readonly path: string;
  readonly data: string;
  readonly encoding?: "utf-8" | "base64";
  readonly owner?: FileOwner;
  readonly group?: FileOwner;
  readonly permissions?: { readonly policy: "AlwaysSet" | "KeepOrSet"; readonly mode: string | number };
}

/** A file as it lies there. */
export interface WrittenFile {
  readonly path: string;
  /** Four octal digits. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** What this process may not do to files: `owner` and `group`, unless it is root's. */
  readonly notApplied: readonly string[];
}

/** Where files are written, and for whom. */
export interface FileSystem {
  /** The folder that stands for the root of the workload's file system. */
  readonly root: string;
  /** Of the workload's main process: what is inherited. */
  readonly uid: number;
  readonly gid: number;
  /** Whether this process may change owners. */
  readonly mayChown: boolean;
}

/** What a new file is like when nothing is said of it. The protocol does not tell; this is for its owner alone. */
const DEFAULT_MODE = 0o600;

/**
 * Writes a file as Northflank does before a workload starts, modes and owners applied. Its mode is set last, so that
 * nobody may read it before it is as it should be.
 *
 * @throws Error for a path that leads out of the root, or an owner that the workload's system does not know
 */
export function writeSecretFile(system: FileSystem, file: SecretFile): WrittenFile {
  const target = path.join(system.root, file.path);
  if (!file.path.startsWith("/") || path.relative(system.root, target).startsWith("..")) {
    throw new Error(`${file.path} is not an absolute path inside the workload`);
  }
  const existed = existsSync(target);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, Buffer.from(file.data, file.encoding === "base64" ? "base64" : "utf8"), {
    mode: DEFAULT_MODE,
  });
  const before = statSync(target);
  const uid = idOf(file.owner, { existed, system, inherited: system.uid, known: "etc/passwd" }) ?? before.uid;
  const gid = idOf(file.group, { existed, system, inherited: system.gid, known: "etc/group" }) ?? before.gid;
  const notApplied: string[] = [];
  if (uid !== before.uid || gid !== before.gid) {
    if (system.mayChown) chownSync(target, uid, gid);
    else {
      if (uid !== before.uid) notApplied.push("owner");
      if (gid !== before.gid) notApplied.push("group");
    }
  }
  const { permissions } = file;
  if (permissions !== undefined && (permissions.policy === "AlwaysSet" || !existed)) {
    chmodSync(target, modeOf(permissions.mode));
  }
  const after = statSync(target);
  const mode = (after.mode & 0o7777).toString(8).padStart(4, "0");
  return { path: file.path, mode, uid: after.uid, gid: after.gid, notApplied };
}

function idOf(
  owner: FileOwner | undefined,
  file: {
    readonly existed: boolean;
    readonly system: FileSystem;
    readonly inherited: number;
    readonly known: string;
  },
): number | undefined {
  if (owner === undefined || (owner.policy.startsWith("KeepOrSet") && file.existed)) return undefined;
  if (owner.policy.endsWith("Inherited")) return file.inherited;
  const { value = "" } = owner;
  if (/^\d+$/.test(value)) return Number(value);
  const list = path.join(file.system.root, file.known);
  const lines = existsSync(list) ? readFileSync(list, "utf8").split("\n") : [];
  const [, , id] = lines.map((line) => line.split(":")).find(([name]) => name === value) ?? [];
  if (id === undefined) throw new Error(`the workload's system does not know ${value}`);
  return Number(id);
}

/** Text is octal, a number is the mode itself. */
function modeOf(mode: string | number): number {
  return typeof mode === "number" ? mode : Number.parseInt(mode, 8);
}
