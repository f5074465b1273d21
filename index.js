// What Node loads as this package while dist is not built. Without this file it would be the program in index.ts,
// which Pulumi's plugin host would run, find no component in, and end with exit code 0.
throw new Error("escapement is not built: run `npm run prepare` in its folder");
