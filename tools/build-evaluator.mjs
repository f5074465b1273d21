// Builds Pulumi's ESC evaluator as WebAssembly: esc/evaluator/shim -> build/evaluator.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MINIMUM = [1, 25, 8];
const FLAGS = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
/** 1 GiB in WebAssembly pages. Without a maximum a definition of 700 bytes can take 4 GB. */
const MAXIMUM_PAGES = 16384;

/** @typedef {{ line: string, failed: boolean }} Finding what to tell, and whether something is broken */

/**
 * Does nothing when what is built was built from these sources by this Go. A machine without Go keeps what
 * it has: a packed copy carries the product.
 * @param {string} root the package's folder
 * @returns {Finding | undefined}
 */
export function buildEvaluator(root) {
  const shim = join(root, "esc", "evaluator", "shim");
  const target = join(root, "build", "evaluator");
  const sources = hashSources(shim);
  const built = readStamp(target);
  const go = findGo(shim);
  if (built?.sources === sources && (go.version === undefined || built.go === go.version)) return undefined;
  if (go.version === undefined) {
    const state = built ? "is out of date" : "was not built";
    return {
      line: `the ESC evaluator ${state}: it needs Go ${MINIMUM.join(".")} or newer (${go.found}); install it from https://go.dev/dl and run \`npm run prepare\``,
      failed: false,
    };
  }

  mkdirSync(target, { recursive: true });
  const temporary = join(target, `${process.pid}.tmp`);
  try {
    const { status, stderr, error } = spawnSync("go", ["build", ...FLAGS, "-o", temporary, "."], {
      cwd: shim,
      env: { ...process.env, GOOS: "js", GOARCH: "wasm", GOWORK: "off" },
      encoding: "utf8",
    });
    if (status !== 0) {
      return { line: `go could not build the ESC evaluator:\n${stderr || error?.message}`, failed: true };
    }
    const product = boundMemory(readFileSync(temporary));
    // The stamp goes first and comes last: whatever is interrupted in between is built again.
    rmSync(join(target, "stamp.json"), { force: true });
    replace(target, "evaluator.wasm", product);
    replace(target, "wasm_exec.js", readFileSync(join(go.root, "lib", "wasm", "wasm_exec.js")));
    replace(target, "stamp.json", JSON.stringify({ sources, go: go.version }));
  } finally {
    rmSync(temporary, { force: true });
  }
  return undefined;
}

/** @param {string} shim */
function hashSources(shim) {
  const hash = createHash("sha256").update(JSON.stringify([FLAGS, MAXIMUM_PAGES]));
  for (const name of readdirSync(shim).sort())
    hash.update(`\n${name}\n`).update(readFileSync(join(shim, name)));
  return hash.digest("hex");
}

/**
 * @param {string} target
 * @returns {{ sources: string, go: string } | undefined}
 */
function readStamp(target) {
  try {
    return JSON.parse(readFileSync(join(target, "stamp.json"), "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * The Go that would build in this folder: from 1.21 on, Go fetches the version that go.mod asks for by itself.
 * @param {string} shim
 * @returns {{ version: string, root: string } | { version: undefined, found: string }}
 */
function findGo(shim) {
  const { status, stdout } = spawnSync("go", ["env", "GOVERSION", "GOROOT"], { cwd: shim, encoding: "utf8" });
  if (status === 0) {
    const [version = "", root = ""] = stdout.split("\n").map((line) => line.trim());
    if (isRecent(version)) return { version, root };
  }
  const own = spawnSync("go", ["version"], { cwd: "/", encoding: "utf8" });
  const seen = /go\d[\w.]*/.exec(own.stdout ?? "")?.[0];
  return { version: undefined, found: seen ? `found ${seen}` : "found none" };
}

/** @param {string} version such as go1.26.8 */
function isRecent(version) {
  const parts = /^go(\d+)\.(\d+)(?:\.(\d+))?/
    .exec(version)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  if (!parts) return false;
  const different = MINIMUM.findIndex((part, i) => part !== parts[i]);
  return different < 0 || parts[different] > MINIMUM[different];
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {string | Uint8Array} content
 */
function replace(folder, name, content) {
  const temporary = join(folder, `${name}.${process.pid}.tmp`);
  writeFileSync(temporary, content);
  renameSync(temporary, join(folder, name));
}

/**
 * Gives the module's memory a maximum: Go's linker writes none. The memory section (number 5) is one entry,
 * flag 0 and the initial size; it becomes flag 1, the initial size and the maximum.
 * @param {Buffer} wasm
 */
function boundMemory(wasm) {
  for (let at = 8; at < wasm.length; ) {
    const [size, start] = readLeb(wasm, at + 1);
    if (wasm[at] === 5) {
      const [count, flagAt] = readLeb(wasm, start);
      if (count !== 1 || wasm[flagAt] !== 0)
        throw new Error("the module's memory is not as Go's linker writes it");
      const initial = wasm.subarray(flagAt + 1, start + size);
      const body = Buffer.from([1, 1, ...initial, ...writeLeb(MAXIMUM_PAGES)]);
      const section = Buffer.from([5, ...writeLeb(body.length), ...body]);
      return Buffer.concat([wasm.subarray(0, at), section, wasm.subarray(start + size)]);
    }
    at = start + size;
  }
  throw new Error("the module has no memory");
}

/**
 * An unsigned LEB128 number and where it ends.
 * @param {Buffer} bytes
 * @param {number} at
 * @returns {[number, number]}
 */
function readLeb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

/** @param {number} value */
function writeLeb(value) {
  const bytes = [];
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
