/**
 * Options of V8 for processes that live for seconds. What V8 gains by optimising code, they are too short for: a tenth of
 * such a run for its JavaScript, a fifth for the evaluator that it checks a few environments with (Node 20 optimises half
 * of it). These are how many bytes of code run before V8 does, in WebAssembly and in a function; Node 22 and later count
 * the latter otherwise, and refuse what they do not know.
 */
exports.shortLived = [
  "--wasm-tiering-budget=1000000000",
  ...(process.versions.node.startsWith("20.") ? ["--interrupt-budget=500000"] : []),
];
