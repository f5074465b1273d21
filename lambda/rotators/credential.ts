/**
 * What a rotator makes, as JSON. Keep to texts: ESC writes a number in a rotator's state back as text, and a text with
 * `${` in it as an interpolation.
 */
export type Credential = Readonly<Record<string, unknown>>;

/** Whether two are the same JSON, in whatever order their members are. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    return left === right;
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every(
      (name) =>
        Object.hasOwn(right, name) && sameJson((left as Credential)[name], (right as Credential)[name]),
    )
  );
}
