import { EscServiceError } from "./errors";

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000_001,
};

/**
 * Reads a duration as Go writes it (`2h0m0s`, `1h30m`, `1.5h`), the form of the `duration` parameter of an open.
 * @returns whole milliseconds
 * @throws {ERR_ESC_SERVICE_BAD_REQUEST} when it is not such a duration, or not positive
 */
export function parseGoDuration(text: string): number {
  let ms = 0;
  if (/^((\d+|\d*\.\d+)(h|ms|m|s|us|µs|ns))+$/.test(text)) {
    for (const [, amount, unit] of text.matchAll(/([\d.]+)(h|ms|m|s|us|µs|ns)/g)) {
      ms += Number(amount) * (unitMs[unit ?? ""] ?? 0);
    }
  }
  if (!(ms >= 1) || !Number.isSafeInteger(Math.floor(ms))) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_REQUEST",
      `invalid duration ${JSON.stringify(text.slice(0, 40))}: write a positive duration such as "2h" or "1h30m"`,
    );
  }
  return Math.floor(ms);
}

/** Writes milliseconds the way Go prints a duration of whole seconds: `2h0m0s`, `15m0s`, `30s`. */
export function formatGoDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h > 0) {
    return `${h}h${m}m${s}s`;
  }
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}
