/** The reference with what ours carries besides, for rotation: the size of two bundles that can do the same. */
export { Client } from "pg";
export { handler } from "./index";
