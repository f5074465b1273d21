// Ends a function's process and removes its folder when the sandbox that started it is gone, however that one ended.
// In a thread of its own: a function in an endless loop would never get to it.
const { rmSync } = require("node:fs");
const { workerData } = require("node:worker_threads");

setInterval(() => {
  if (process.ppid === workerData.sandbox) return;
  try {
    rmSync(workerData.folder, { recursive: true, force: true });
  } finally {
    // The process leads a group of its own.
    process.kill(-process.pid, "SIGKILL");
  }
}, 200);
