/** dynalite has no types of its own. */
declare module "dynalite" {
  import type { Server } from "node:http";

  interface Options {
    /** How long a table is `CREATING`, in milliseconds. @default 500 */
    readonly createTableMs?: number;
    /** How long a table is `DELETING`, in milliseconds. @default 500 */
    readonly deleteTableMs?: number;
  }

  /** An HTTP server that speaks DynamoDB's protocol over tables in memory, and checks no signature. */
  function dynalite(options?: Options): Server;
  export = dynalite;
}
