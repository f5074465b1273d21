import type { AdapterError } from "./errors";

/** How long a request may still take. */
export interface Deadline {
  /** Milliseconds; 0 when it has passed. */
  remaining(): number;
}

/**
 * Waits for work for so long at most. What overruns is left behind: it is told by whatever `overrun` does.
 *
 * @throws what the work throws, or `overrun()` when the time is over; then the work is not begun if there was none
 */
export function inTime<T>(
  work: () => Promise<T>,
  milliseconds: number,
  overrun: () => AdapterError,
): Promise<T> {
  if (milliseconds <= 0) return Promise.reject(overrun());
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(overrun()), milliseconds);
    const settle =
      <V>(how: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer);
        how(value);
      };
    // Asynchronous, so that what it throws at once ends the timer, too.
    (async () => work())().then(settle(resolve), settle(reject));
  });
}
