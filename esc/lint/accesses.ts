/** One step of an access: a key, or the index of a list. */
export type Step = string | number;

/** `${a.b[0]}` in a text. */
export interface Access {
  readonly path: readonly Step[];
  /** From `$` to behind `}`, in characters of the decoded text. */
  readonly start: number;
  readonly end: number;
}

const OPENING = /\$\$|\$\{/g;
const STEP = /\.?([^.[}\s]+)|\[(?:"((?:\\"|[^"])*)"|([+-]?\d+))\]/y;

/**
 * Every access of a text, by the grammar of Pulumi's evaluator (`$$` is a dollar, `${` begins an access). What does
 * not parse is left out: the evaluator says so itself.
 */
export function readAccesses(text: string): Access[] {
  const found: Access[] = [];
  OPENING.lastIndex = 0;
  for (let match = OPENING.exec(text); match; match = OPENING.exec(text)) {
    if (match[0] === "$$") continue;
    const start = match.index;
    const path: Step[] = [];
    STEP.lastIndex = start + 2;
    let end = STEP.lastIndex;
    for (let step = STEP.exec(text); step; step = STEP.exec(text)) {
      path.push(
        step[3] === undefined ? (step[1] ?? (step[2] ?? "").replaceAll('\\"', '"')) : Number(step[3]),
      );
      end = STEP.lastIndex;
    }
    if (text[end] === "}" && path.length > 0) found.push({ path, start, end: end + 1 });
    OPENING.lastIndex = Math.max(end, start + 2);
  }
  return found;
}

/** The access that a text is when it is nothing else: a reference, which keeps the type of what it names. */
export function soleAccess(text: string): Access | undefined {
  const [access] = readAccesses(text);
  return access?.start === 0 && access.end === text.length ? access : undefined;
}

/** As it is written: `a.b[0]["x-y"]`. */
export function formatPath(path: readonly Step[]): string {
  return path
    .map((step, position) => {
      if (typeof step === "number") return `[${step}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return position === 0 ? step : `.${step}`;
    })
    .join("");
}
