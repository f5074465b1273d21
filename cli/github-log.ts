import { appendFileSync, fstatSync } from "node:fs";

/** What GitHub's runner shows beside the job. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly title: string;
  readonly message: string;
  /** By its path from the repository's root. */
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** A workflow command, as the runner reads them from a step's output. */
export function formatAnnotation({ level, title, message, file, line }: Annotation): string {
  const properties = Object.entries({ title, file, line })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${level} ${properties.join(",")}::${escapeData(message)}`;
}

/** Lines so short that masking them would blot out half of the log and hide little. */
const SHORTEST = 6;

/** What masking would blot out everywhere and what tells nothing: words of every log, and the frame of a PEM or of JSON. */
const TRIVIAL =
  /^(true|false|null|none|undefined|default|localhost|staging|production|development|[\d.:-]+|[[\]{}(),;]+|-----(BEGIN|END) [A-Z ]+-----)$/i;

/** What to mask of these secrets, and how many have a line that is not. */
export interface Masks {
  /** `::add-mask::…` commands. Each holds a secret: for the runner, and for nobody else. */
  readonly commands: readonly string[];
  /** How many secrets are left in plain because they are too short or too common a word to be masked. */
  readonly unmasked: number;
}

/**
 * Has the runner hide secrets in what the job prints from now on. It looks for single lines only, so each line of a
 * secret is masked by itself, without the blanks around it. Nothing shorter than 6 characters and no word that is no
 * secret (`true`, `localhost`, the frame of a PEM) is masked, for it would be blotted out of every other text too.
 */
export function maskSecrets(secrets: readonly string[]): Masks {
  const lines = new Set<string>();
  let unmasked = 0;
  for (const secret of secrets) {
    const maskable = secret
      .split(/\r\n|\r|\n/)
      .map((line) => line.trim())
      .filter((line) => line.length >= SHORTEST && !TRIVIAL.test(line));
    if (maskable.length === 0) unmasked += 1;
    for (const line of maskable) lines.add(line);
  }
  return { commands: [...lines].map((line) => `::add-mask::${escapeData(line)}`), unmasked };
}

/** Whether a stream is one that the runner reads, and no file that would keep what is written. */
export function isRunnerStream(descriptor: number): boolean {
  try {
    return !fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

/** Adds Markdown to the job's page, where there is one. */
export function addSummary(markdown: string, file = process.env.GITHUB_STEP_SUMMARY): void {
  if (file) appendFileSync(file, `${markdown}\n`);
}

function escapeData(text: string): string {
  return text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
}
