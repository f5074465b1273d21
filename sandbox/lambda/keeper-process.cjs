// Ends functions' processes and removes their folders when the sandbox that started them is gone, however that one
// ended. In a process of its own: who is killed tidies nothing up, and a function in an endless loop looks at nothing.
const { rmSync } = require("node:fs");
const { createInterface } = require("node:readline");

/** Folders, by the process that runs in it and leads a group of its own. */
const kept = new Map();

// The sandbox holds the other end, and nobody else does.
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { pid, folder } = JSON.parse(line);
    if (folder === undefined) kept.delete(pid);
    else kept.set(pid, folder);
  })
  .on("close", () => {
    for (const [pid, folder] of kept) {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // Nobody is left in the group.
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
