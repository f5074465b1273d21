/** The members of something that no schema has accepted yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Without members where it is no object. */
export function asRecord(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

/** Empty where it is no array. */
export function asRecords(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(asRecord) : [];
}
