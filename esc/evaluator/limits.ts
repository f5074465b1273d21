/** Of one definition, the root's or an import's, in bytes. */
export const MAX_DEFINITION_BYTES = 512 * 1024;
/** Of collections nested in a definition. */
export const MAX_DEPTH = 64;
/** Of a result, of what a provider is given and of what it answers, in bytes. */
export const MAX_RESULT_BYTES = 8 * 1024 * 1024;
/** How long an evaluation may take when the caller does not say. */
export const DEFAULT_TIMEOUT_MS = 10_000;
/** How long an evaluation whose time is up has to give way before its thread is terminated. */
export const GRACE_MS = 250;
/** An idle thread that holds more than this is given up: WebAssembly memory never shrinks. */
export const IDLE_MEMORY_BYTES = 256 * 1024 * 1024;
/** Native stack of the thread. Go on WebAssembly recurses on it; the parser's own limit is 10,000 levels. */
export const STACK_MB = 256;
