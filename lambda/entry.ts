import { createHandler, startFromFolder } from "./handler";

/**
 * What is bundled and deployed. Starting begins while Lambda still loads the function, so the first request
 * waits for what is left of it. An adopter's own entry is this with `{ sources: [theirs] }` as second argument.
 */
export const handler = createHandler(startFromFolder(__dirname));
