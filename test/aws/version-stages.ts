/**
 * Secrets Manager's model of versions and labels, as data. `from` is the source of each case:
 * "§7" and "§10" are the sections of the project's collected facts on AWS (wire protocols and quotas; AWS's true
 * answers beside an emulator's), "API" the service's API reference, "guide" its user guide, and "recorded" what
 * others recorded of the real service.
 */

/** One call. Versions are named by a letter, which stands for a request token of 32 of them. */
export type Step =
  | {
      readonly put: string;
      /** @default "value of <letter>" */
      readonly value?: string;
      readonly binary?: string;
      readonly stages?: readonly string[];
    }
  | { readonly move: string; readonly to?: string; readonly off?: string }
  | { readonly get: { readonly id?: string; readonly stage?: string } }
  | { readonly remove: "later" | "now" | number }
  | { readonly restore: true };

export interface StageCase {
  readonly title: string;
  readonly from: string;
  readonly steps: readonly Step[];
  /** Labels by version after the last step, unlabelled versions included. */
  readonly stages?: Readonly<Record<string, readonly string[]>>;
  /** What the last step, a `get`, returns. */
  readonly value?: string;
  /** How the last step fails: AWS's code, and a part of its message. */
  readonly fails?: readonly [code: string, message: string];
}

const current = ["AWSCURRENT"];
const previous = ["AWSPREVIOUS"];
const pending = ["AWSPENDING"];
const twenty = Array.from({ length: 20 }, (_, index) => `label-${index}`);

export const stageCases: readonly StageCase[] = [
  // An entry without a value.
  {
    title: "an empty entry has no current value",
    from: "§10",
    steps: [{ get: {} }],
    fails: ["ResourceNotFoundException", "for staging label: AWSCURRENT"],
  },
  { title: "an empty entry has no versions", from: "recorded", steps: [], stages: {} },
  {
    title: "the first value becomes the current one",
    from: "recorded",
    steps: [{ put: "a" }],
    stages: { a: current },
  },
  {
    title: "the first value becomes the current one even when it is put as pending",
    from: "API, PutSecretValue",
    steps: [{ put: "a", stages: pending }],
    stages: { a: ["AWSCURRENT", "AWSPENDING"] },
  },
  {
    title: "the current value is what is read",
    from: "§7",
    steps: [{ put: "a" }, { get: {} }],
    value: "value of a",
  },
  {
    title: "a binary value is read as bytes",
    from: "§7",
    steps: [{ put: "a", binary: "bytes" }, { get: {} }],
    value: "binary:bytes",
  },
  // Put without labels.
  {
    title: "a second value takes AWSCURRENT, the first gets AWSPREVIOUS",
    from: "§7",
    steps: [{ put: "a" }, { put: "b" }],
    stages: { a: previous, b: current },
  },
  {
    title: "a third value leaves the first without a label",
    from: "§10",
    steps: [{ put: "a" }, { put: "b" }, { put: "c" }],
    stages: { a: [], b: previous, c: current },
  },
  {
    title: "the previous value can be read by its label",
    from: "§7",
    steps: [{ put: "a" }, { put: "b" }, { get: { stage: "AWSPREVIOUS" } }],
    value: "value of a",
  },
  {
    title: "a value without a label can still be read by its version",
    from: "guide",
    steps: [{ put: "a" }, { put: "b" }, { put: "c" }, { get: { id: "a" } }],
    value: "value of a",
  },
  {
    title: "a current value that is still pending loses that label to the next value",
    from: "recorded",
    steps: [
      { put: "a" },
      { put: "b", stages: pending },
      { move: "AWSCURRENT", to: "b", off: "a" },
      { put: "c" },
    ],
    stages: { a: [], b: previous, c: current },
  },
  // Tokens.
  {
    title: "the same token with the same value changes nothing",
    from: "§7",
    steps: [{ put: "a" }, { put: "b" }, { put: "a" }],
    stages: { a: previous, b: current },
  },
  {
    title: "the same token with the same value ignores other labels",
    from: "§7",
    steps: [{ put: "a" }, { put: "a", stages: ["mine"] }],
    stages: { a: current },
  },
  {
    title: "the same token with another value is refused",
    from: "§7",
    steps: [{ put: "a" }, { put: "a", value: "another" }],
    fails: ["ResourceExistsException", "already in use for a version of secret"],
  },
  {
    title: "the same token with the same bytes as text is refused",
    from: "§7",
    steps: [
      { put: "a", value: "same" },
      { put: "a", binary: "same" },
    ],
    fails: ["ResourceExistsException", "already in use"],
  },
  {
    title: "a token of 31 characters is refused",
    from: "§7",
    steps: [{ put: "token:31" }],
    fails: ["ValidationException", "greater than or equal to 32"],
  },
  {
    title: "a token of 65 characters is refused",
    from: "§7",
    steps: [{ put: "token:65" }],
    fails: ["ValidationException", "less than or equal to 64"],
  },
  // Values.
  {
    title: "a value of 65,536 bytes is taken",
    from: "§7",
    steps: [{ put: "a", value: "x".repeat(65_536) }],
    stages: { a: current },
  },
  {
    title: "a value of 65,537 bytes is refused",
    from: "§10",
    steps: [{ put: "a", value: "x".repeat(65_537) }],
    fails: ["ValidationException", "less than or equal to 65536"],
  },
  {
    title: "the limit counts bytes, not characters",
    from: "§10",
    steps: [{ put: "a", value: "ü".repeat(32_769) }],
    fails: ["ValidationException", "less than or equal to 65536"],
  },
  {
    title: "an empty value is refused",
    from: "§7",
    steps: [{ put: "a", value: "" }],
    fails: ["ValidationException", "greater than or equal to 1"],
  },
  {
    title: "text and bytes together are refused",
    from: "§10",
    steps: [{ put: "a", value: "text", binary: "bytes" }],
    fails: ["InvalidParameterException", "both a binary secret value and a string secret value"],
  },
  // Put with labels.
  {
    title: "a pending value leaves the current one",
    from: "§7",
    steps: [{ put: "a" }, { put: "b", stages: pending }],
    stages: { a: current, b: pending },
  },
  {
    title: "a pending value is read by its label",
    from: "§10",
    steps: [{ put: "a" }, { put: "b", stages: pending }, { get: { stage: "AWSPENDING" } }],
    value: "value of b",
  },
  {
    title: "the next pending value takes the label",
    from: "§7",
    steps: [{ put: "a" }, { put: "b", stages: pending }, { put: "c", stages: pending }],
    stages: { a: current, b: [], c: pending },
  },
  {
    title: "a put that names AWSCURRENT moves AWSPREVIOUS too",
    from: "recorded",
    steps: [{ put: "a" }, { put: "b", stages: ["AWSCURRENT", "mine"] }],
    stages: { a: previous, b: ["AWSCURRENT", "mine"] },
  },
  {
    title: "labels of one's own move as a put names them, the others stay",
    from: "recorded",
    steps: [
      { put: "a" },
      { put: "b", stages: ["one", "two", "three"] },
      { put: "c", stages: ["two", "four"] },
    ],
    stages: { a: current, b: ["one", "three"], c: ["four", "two"] },
  },
  {
    title: "twenty labels are taken",
    from: "§7",
    steps: [{ put: "a" }, { put: "b", stages: twenty }],
    stages: { a: current, b: [...twenty].sort() },
  },
  {
    title: "twenty-one labels are refused",
    from: "§10",
    steps: [{ put: "a" }, { put: "b", stages: [...twenty, "one more"] }],
    fails: ["ValidationException", "less than or equal to 20"],
  },
  {
    title: "no labels at all are refused",
    from: "§7",
    steps: [{ put: "a" }, { put: "b", stages: [] }],
    fails: ["ValidationException", "greater than or equal to 1"],
  },
  // Moving labels.
  {
    title: "a promotion moves AWSCURRENT and AWSPREVIOUS, AWSPENDING stays",
    from: "recorded",
    steps: [{ put: "a" }, { put: "b", stages: pending }, { move: "AWSCURRENT", to: "b", off: "a" }],
    stages: { a: previous, b: ["AWSCURRENT", "AWSPENDING"] },
  },
  {
    title: "after a promotion AWSPENDING can be taken off",
    from: "§10",
    steps: [
      { put: "a" },
      { put: "b", stages: pending },
      { move: "AWSCURRENT", to: "b", off: "a" },
      { move: "AWSPENDING", off: "b" },
    ],
    stages: { a: previous, b: current },
  },
  {
    title: "a second promotion takes AWSPREVIOUS off the oldest",
    from: "recorded",
    steps: [
      { put: "a" },
      { put: "b", stages: pending },
      { move: "AWSCURRENT", to: "b", off: "a" },
      { put: "c", stages: pending },
      { move: "AWSCURRENT", to: "c", off: "b" },
    ],
    stages: { a: [], b: previous, c: ["AWSCURRENT", "AWSPENDING"] },
  },
  {
    title: "labels of one's own survive a promotion",
    from: "recorded",
    steps: [
      { put: "a" },
      { put: "b", stages: ["AWSPENDING", "mine"] },
      { move: "AWSCURRENT", to: "b", off: "a" },
      { put: "c", stages: pending },
      { move: "AWSCURRENT", to: "c", off: "b" },
    ],
    stages: { a: [], b: ["AWSPREVIOUS", "mine"], c: ["AWSCURRENT", "AWSPENDING"] },
  },
  {
    title: "a rollback swaps AWSCURRENT and AWSPREVIOUS",
    from: "§7",
    steps: [{ put: "a" }, { put: "b" }, { move: "AWSCURRENT", to: "a", off: "b" }],
    stages: { a: current, b: previous },
  },
  {
    title: "a move that does not say from where is refused",
    from: "§10",
    steps: [{ put: "a" }, { put: "b", stages: pending }, { move: "AWSCURRENT", to: "b" }],
    fails: ["InvalidParameterException", "The parameter RemoveFromVersionId can't be empty"],
  },
  {
    title: "a move that says the wrong version is refused",
    from: "§10",
    steps: [{ put: "a" }, { put: "b", stages: pending }, { move: "AWSCURRENT", to: "b", off: "b" }],
    fails: ["InvalidParameterException", "must be set to the version that currently has the staging label"],
  },
  {
    title: "a new label needs no version to come from",
    from: "§7",
    steps: [{ put: "a" }, { move: "mine", to: "a" }],
    stages: { a: ["AWSCURRENT", "mine"] },
  },
  {
    title: "a label may be moved to where it is",
    from: "API, UpdateSecretVersionStage",
    steps: [{ put: "a" }, { move: "AWSCURRENT", to: "a" }],
    stages: { a: current },
  },
  {
    title: "a label of one's own moves alone",
    from: "API, UpdateSecretVersionStage",
    steps: [{ put: "a" }, { put: "b", stages: ["mine"] }, { move: "mine", to: "a", off: "b" }],
    stages: { a: ["AWSCURRENT", "mine"], b: [] },
  },
  {
    title: "AWSCURRENT cannot be taken off without a new place",
    from: "API, UpdateSecretVersionStage",
    steps: [{ put: "a" }, { move: "AWSCURRENT", off: "a" }],
    fails: ["InvalidParameterException", "It can't be completely removed"],
  },
  {
    title: "a move to a version that does not exist is refused",
    from: "API, UpdateSecretVersionStage",
    steps: [{ put: "a" }, { move: "mine", to: "z" }],
    fails: ["ResourceNotFoundException", "can't find the specified secret version"],
  },
  {
    title: "a move to nowhere from nowhere is refused",
    from: "API, UpdateSecretVersionStage",
    steps: [{ put: "a" }, { move: "mine" }],
    fails: ["InvalidParameterException", "MoveToVersionId"],
  },
  {
    title: "a version takes no twenty-first label",
    from: "§7",
    steps: [{ put: "a" }, { put: "b", stages: twenty }, { move: "one more", to: "b" }],
    fails: ["LimitExceededException", "at most 20"],
  },
  // Reading by version and label.
  {
    title: "version and label that fit are taken together",
    from: "§7",
    steps: [{ put: "a" }, { get: { id: "a", stage: "AWSCURRENT" } }],
    value: "value of a",
  },
  {
    title: "version and label that do not fit are refused",
    from: "§10",
    steps: [{ put: "a" }, { put: "b" }, { get: { id: "a", stage: "AWSCURRENT" } }],
    fails: ["InvalidRequestException", "VersionStage that is not associated"],
  },
  {
    title: "a version that does not exist is not found",
    from: "§10",
    steps: [{ put: "a" }, { get: { id: "z" } }],
    fails: ["ResourceNotFoundException", "for VersionId: zzzz"],
  },
  {
    title: "a label that no version has is not found",
    from: "recorded",
    steps: [{ put: "a" }, { get: { stage: "AWSPENDING" } }],
    fails: ["ResourceNotFoundException", "for staging label: AWSPENDING"],
  },
  // Deleting.
  {
    title: "an entry marked for deletion cannot be read",
    from: "§10",
    steps: [{ put: "a" }, { remove: "later" }, { get: {} }],
    fails: ["InvalidRequestException", "because it was marked for deletion"],
  },
  {
    title: "an entry marked for deletion takes no value",
    from: "§7",
    steps: [{ put: "a" }, { remove: "later" }, { put: "b" }],
    fails: ["InvalidRequestException", "because it was marked for deletion"],
  },
  {
    title: "an entry marked for deletion moves no label",
    from: "§7",
    steps: [{ put: "a" }, { remove: "later" }, { move: "mine", to: "a" }],
    fails: ["InvalidRequestException", "because it was marked for deletion"],
  },
  {
    title: "an entry cannot be marked twice",
    from: "§7",
    steps: [{ put: "a" }, { remove: "later" }, { remove: "later" }],
    fails: ["InvalidRequestException", "because it was marked for deletion"],
  },
  {
    title: "a restored entry is as it was",
    from: "guide",
    steps: [{ put: "a" }, { put: "b" }, { remove: "later" }, { restore: true }],
    stages: { a: previous, b: current },
  },
  {
    title: "an entry deleted at once is not found",
    from: "recorded",
    steps: [{ put: "a" }, { remove: "now" }, { get: {} }],
    fails: ["ResourceNotFoundException", "Secrets Manager can't find the specified secret."],
  },
  {
    title: "a window of six days is refused",
    from: "API, DeleteSecret",
    steps: [{ put: "a" }, { remove: 6 }],
    fails: ["InvalidParameterException", "between 7 and 30 days"],
  },
  {
    title: "a window of thirty-one days is refused",
    from: "API, DeleteSecret",
    steps: [{ put: "a" }, { remove: 31 }],
    fails: ["InvalidParameterException", "between 7 and 30 days"],
  },
];
