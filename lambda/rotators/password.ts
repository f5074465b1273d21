import { randomInt } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LETTERS_AND_DIGITS = `${LETTERS}0123456789`;

/**
 * A random password that means the same everywhere: in a URL, a shell, a dotenv file, YAML, and in a state that ESC writes
 * back (where `${` would begin an interpolation). Length makes up for the signs that it leaves out.
 *
 * @param length 40 have 237 bits
 */
export function generatePassword(length = 40): string {
  // A letter first: a text of digits would be a number to somebody.
  const first = LETTERS.charAt(randomInt(LETTERS.length));
  const rest = Array.from({ length: length - 1 }, () =>
    LETTERS_AND_DIGITS.charAt(randomInt(LETTERS_AND_DIGITS.length)),
  );
  return [first, ...rest].join("");
}
