import { type FormFacts, namedForms } from "./named";

/** What people leave where a value should be, whole, in lower case and without quotes around it. */
const WORDS = new Set(
  "changeme change-me change_me changeit replaceme replace-me replace_me todo tbd fixme placeholder dummy fake xxx null undefined ... …".split(
    " ",
  ),
);

/** Words that no secret is, and that a setting may well be. */
const NO_SECRETS = new Set(
  "secret password passwd token key foo bar baz test example sample none nil n/a na unset empty unknown qwerty letmein 12345678 123456789 1234567890 ? - _".split(
    " ",
  ),
);

/** The same as part of a longer text. */
const PARTS = [
  /change[-_ ]?me|replace[-_ ]?(me|with)|insert[-_ ].*[-_ ]here|not-known-yet|placeholder/i,
  /\byour[-_ ](own[-_ ])?(\w+[-_ ])?(token|key|secret|password|url|dsn|id|host|user|db)\b/i,
  /\bx{5,}\b|x{10,}|\*{3,}|•{3,}/i,
  /<[a-z][a-z _-]*>/i,
  /\$\{[^}]*\}|\{\{[^}]*\}\}/,
  /^\[(secret|unknown|redacted|hidden)\]$/i,
  // A login at a domain that nobody has. Without a login it may well be meant: this project's own domain is one.
  /@([^\s/@]*\.)?example\.(com|org|net|io)\b|\.invalid\b/,
  /not-a-(password|token|secret|key)|NotAToken|NotAKey/,
];

/** The examples of forms of secrets: whoever has one has copied it from here. */
const EXAMPLES = new Set(
  Object.values<FormFacts>(namedForms)
    .filter(({ telltale }) => telltale !== undefined)
    .map(({ example }) => example.trim()),
);

/**
 * Whether a text says that the value is not there yet. Never asked of words to choose from.
 *
 * @param options.secret whether it is to be a secret: a setting may be `test`. @default true
 */
export function isPlaceholder(text: string, { secret = true }: { readonly secret?: boolean } = {}): boolean {
  const bare = text
    .trim()
    .replace(/^(["'])(.*)\1$/s, "$2")
    .trim();
  const word = bare.toLowerCase();
  if (WORDS.has(word) || (secret && NO_SECRETS.has(word))) return true;
  return EXAMPLES.has(bare) || PARTS.some((part) => part.test(bare));
}

/**
 * The commonest placeholders, for the loaders of applications: looked for in a text in lower case, and read alike by
 * ECMAScript, Python and `grep -E`.
 */
export const PORTABLE_PLACEHOLDER = [
  "^(changeme|change-me|change_me|replaceme|replace-me|replace_me|todo|tbd|fixme|placeholder|dummy|null|undefined|xxx+)$",
  "change[-_ ]me|replace[-_ ]me|not-known-yet|placeholder",
  "<[a-z][a-z _-]*>|[$][{][^}]*[}]|[{][{][^}]*[}][}]",
  "x{10,}|[*]{3,}",
].join("|");
