import fc from "fast-check";

const [surrogates, beyond] = [0xd800, 0xe000];

/**
 * Any character of Unicode, for `unit` of `fc.string`: as fast-check's own `binary`, without the table of them all that
 * it makes each time, which takes a second.
 */
export const anyCharacter = fc
  .nat(0x10ffff - (beyond - surrogates))
  .map((code) => String.fromCodePoint(code < surrogates ? code : code + beyond - surrogates));
