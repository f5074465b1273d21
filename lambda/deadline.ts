import type { AdapterError } from "./errors";

/** How long a request may still take. */
export interface Deadline {
  /** Milliseconds; 0 when it has passed. */
  remaining(): number;
}

/**
 * Does work for so long at most: what overruns is told to stop by its signal and left behind, whether or not it
 * listens.
 *
 * @throws what the work throws, or `overrun()` when the time is over
 */
export async function inTime<T>(
  work: (signal: AbortSignal) => Promise<T>,
  milliseconds: number,
  overrun: () => AdapterError,
): Promise<T> {
  if (milliseconds <= 0) throw overrun();
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(overrun());
      controller.abort();
    }, milliseconds);
  });
  try {
    return await Promise.race([work(controller.signal), end]);
  } finally {
    clearTimeout(timer);
  }
}
