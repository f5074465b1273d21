// What V8 made of the modules that a program loads, kept for its next run: Node 22 and later do it by
// NODE_COMPILE_CACHE, this does it for Node 20. Compiling is a quarter of a start of Pulumi's runner.
//
// One file holds it all: a checksum, the index, and the code of each module by the hash of its source, so that nothing
// is ever stale. V8 itself refuses the code of another V8. The file is written by rename; one that is damaged is done
// without and written anew.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const vm = require("node:vm");
const { crc32 } = require("node:zlib");

const wrapperLength = Module.wrap("|").indexOf("|");

/**
 * Left to Node: ES modules, what has a first line for the shell, and what calls `import()`, which prints a warning
 * otherwise. TypeScript, half of all that is compiled, has it in texts alone.
 */
const isPlain = (content, filename, format) =>
  format !== "module" &&
  !content.startsWith("#!") &&
  (filename.endsWith("/typescript/lib/typescript.js") || !/\bimport\s*\(/.test(content));

/** Twice what all programs of this repository load: beyond it, what this program did not load is dropped. */
const most = 6000;

/** Code by hash, or nothing of all where anything is wrong with the file. */
function read(file) {
  try {
    const bytes = fs.readFileSync(file);
    if (bytes.readUInt32LE(0) !== crc32(bytes.subarray(4))) return new Map();
    let start = 8 + bytes.readUInt32LE(4);
    const codes = new Map();
    for (const [hash, length] of JSON.parse(bytes.toString("latin1", 8, start))) {
      codes.set(hash, bytes.subarray(start, start + length));
      start += length;
    }
    return codes;
  } catch {
    return new Map();
  }
}

function write(file, codes) {
  const index = Buffer.from(JSON.stringify([...codes].map(([hash, code]) => [hash, code.length])), "latin1");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(index.length);
  const content = Buffer.concat([length, index, ...codes.values()]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(content));
  fs.writeFileSync(`${file}.${process.pid}`, Buffer.concat([checksum, content]));
  fs.renameSync(`${file}.${process.pid}`, file);
}

function requireOf(module) {
  const require = (request) => module.require(request);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

exports.install = (file) => {
  const known = read(file);
  const used = new Map();
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (content, filename, format) {
    if (!isPlain(content, filename, format)) return compile.call(this, content, filename, format);
    const hash = createHash("sha256").update(content).digest("base64");
    const cachedData = known.get(hash);
    let script;
    try {
      const options = { filename, columnOffset: -wrapperLength, cachedData };
      script = new vm.Script(Module.wrap(content), options);
    } catch {
      // Node finds out whether it is an ES module or wrong, and where.
      return compile.call(this, content, filename, format);
    }
    // V8 refuses what it compiled under other options: it is compiled anew, and kept.
    if (script.cachedDataRejected) known.delete(hash);
    used.set(hash, script);
    const { exports } = this;
    const parameters = [exports, requireOf(this), this, filename, path.dirname(filename)];
    return Reflect.apply(script.runInThisContext(), exports, parameters);
  };
  process.on("exit", () => {
    const isNew = ([hash]) => !known.has(hash);
    if (![...used].some(isNew)) return;
    // Others of the first programs, which run side by side, have compiled most of it meanwhile.
    for (const [hash, code] of read(file)) if (!used.get(hash)?.cachedDataRejected) known.set(hash, code);
    const added = [...used].filter(isNew);
    if (added.length === 0) return;
    const kept = known.size + added.length > most ? [...known].filter(([hash]) => used.has(hash)) : known;
    try {
      write(file, new Map([...kept, ...added.map(([hash, script]) => [hash, script.createCachedData()])]));
    } catch {}
  });
};
