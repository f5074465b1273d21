import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { decodeState, encodeState } from "./state-codec";

export type StateErrorCode =
  /** Another process uses the folder. */
  | "ERR_STATE_IN_USE"
  /** What is there was not written by this version, or is damaged. */
  | "ERR_STATE_UNREADABLE";

/** A state folder cannot be used. */
export class StateError extends Error {
  override readonly name = "StateError";
  readonly code: StateErrorCode;

  constructor(code: StateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * A folder that keeps one state: `state`, written whole and by rename, and encrypted (AES-256-GCM), for a cloud's state
 * is full of secrets and no list of them would be complete; `key`, made once. Both are for this user only. Whoever has
 * both has everything: they are apart so that a copied `state` tells nothing. `lock` names the process that uses it.
 */
export class StateFile {
  readonly #directory: string;
  readonly #key: Buffer;
  /** The newest state that is not written yet, and the writing that is under way. */
  #waiting: unknown;
  #writing: Promise<void> | undefined;

  private constructor(directory: string, key: Buffer) {
    this.#directory = directory;
    this.#key = key;
  }

  /**
   * Takes the folder, and makes it when it is not there. End with `close`.
   * @throws StateError ERR_STATE_IN_USE
   */
  static async open(directory: string): Promise<StateFile> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await takeLock(path.join(directory, "lock"));
    try {
      return new StateFile(directory, await readOrMakeKey(path.join(directory, "key")));
    } catch (error) {
      await rm(path.join(directory, "lock"), { force: true });
      throw error;
    }
  }

  /** What was written last; undefined when nothing was. @throws StateError ERR_STATE_UNREADABLE */
  async read(): Promise<unknown> {
    let sealed: Buffer;
    try {
      sealed = await readFile(this.#file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    try {
      const state = JSON.parse(this.#open(sealed)) as { version: number; state: unknown };
      if (state.version === version) return decodeState(state.state);
    } catch (cause) {
      throw this.#unreadable({ cause });
    }
    throw this.#unreadable();
  }

  /** Writes in the background. Of several states that come while one is written, only the newest is. */
  write(state: unknown): void {
    // Encoded now: the cloud goes on changing.
    this.#waiting = JSON.stringify({ version, state: encodeState(state) });
    this.#writing ??= this.#writeWaiting().finally(() => {
      this.#writing = undefined;
    });
    // Told by `close`, which waits for it.
    this.#writing.catch(() => {});
  }

  /** Writes what is left to write and lets go of the folder. */
  async close(): Promise<void> {
    try {
      await this.#writing;
    } finally {
      await rm(path.join(this.#directory, "lock"), { force: true });
    }
  }

  get #file(): string {
    return path.join(this.#directory, "state");
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting !== undefined) {
      const text = this.#waiting as string;
      this.#waiting = undefined;
      const temporary = `${this.#file}.${process.pid}.tmp`;
      await writeFile(temporary, this.#seal(text), { mode: 0o600 });
      await rename(temporary, this.#file);
    }
  }

  #seal(text: string): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  }

  #open(sealed: Buffer): string {
    const body = sealed.subarray(nonceBytes, sealed.length - tagBytes);
    const decipher = createDecipheriv("aes-256-gcm", this.#key, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    }).setAuthTag(sealed.subarray(sealed.length - tagBytes));
    return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
  }

  #unreadable(options?: ErrorOptions): StateError {
    return new StateError(
      "ERR_STATE_UNREADABLE",
      `the state in ${this.#directory} cannot be read by this version: delete the folder to begin anew`,
      options,
    );
  }
}

async function readOrMakeKey(file: string): Promise<Buffer> {
  try {
    await writeFile(file, randomBytes(32), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFile(file);
}

/** A lock whose process is gone was left by a kill and is taken over. */
async function takeLock(file: string): Promise<void> {
  for (;;) {
    try {
      const handle = await open(file, "wx", 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = Number(await readFile(file, "utf8").catch(() => ""));
    if (owner > 0 && isRunning(owner)) {
      throw new StateError(
        "ERR_STATE_IN_USE",
        `${path.dirname(file)} is in use by process ${owner}: end that first (a sandbox that serves ends with Ctrl-C)`,
      );
    }
    await rm(file, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
