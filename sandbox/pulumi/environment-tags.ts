import { randomUUID } from "node:crypto";
import { EscServiceError } from "./errors";

/** A name with a value on an environment, such as `owner: payments`. Times are ISO 8601. */
export interface EnvironmentTag {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly created: string;
  readonly modified: string;
}

/** The tags of one environment, by name. */
export type EnvironmentTags = Map<string, EnvironmentTag>;

// Assumed to be those of Pulumi's stack tags: what ESC's are is documented nowhere that could be read.
const namePattern = /^[a-zA-Z0-9-_.:]{1,40}$/;
const maxValueCharacters = 256;

/** @throws {ERR_ESC_SERVICE_NOT_FOUND} */
export function environmentTag(tags: EnvironmentTags, name: string): EnvironmentTag {
  const tag = tags.get(name);
  if (tag === undefined) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_NOT_FOUND",
      `the environment has no tag ${JSON.stringify(name.slice(0, 120))}`,
    );
  }
  return tag;
}

/** @throws {ERR_ESC_SERVICE_BAD_NAME} {ERR_ESC_SERVICE_BAD_REQUEST} {ERR_ESC_SERVICE_EXISTS} */
export function createEnvironmentTag(
  tags: EnvironmentTags,
  { name, value, now }: { name: string; value: string; now: string },
): EnvironmentTag {
  const tag = { id: randomUUID(), name, value, created: now, modified: now };
  checkTag(tag);
  refuseTaken(tags, name);
  tags.set(name, tag);
  return tag;
}

/**
 * Renames a tag, gives it another value, or both.
 * @param change.currentValue what the caller has read: another value means that somebody was faster
 * @throws as `createEnvironmentTag`; {ERR_ESC_SERVICE_NOT_FOUND} {ERR_ESC_SERVICE_CONFLICT}
 */
export function updateEnvironmentTag(
  tags: EnvironmentTags,
  name: string,
  change: { currentValue: string; name?: string | undefined; value?: string | undefined; now: string },
): EnvironmentTag {
  const tag = environmentTag(tags, name);
  if (tag.value !== change.currentValue) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_CONFLICT",
      `tag ${JSON.stringify(name)} has another value meanwhile: read it again and repeat the change`,
    );
  }
  const changed = {
    ...tag,
    name: change.name || name,
    value: change.value ?? tag.value,
    modified: change.now,
  };
  checkTag(changed);
  if (changed.name !== name) refuseTaken(tags, changed.name);
  tags.delete(name);
  tags.set(changed.name, changed);
  return changed;
}

/** @throws {ERR_ESC_SERVICE_NOT_FOUND} */
export function deleteEnvironmentTag(tags: EnvironmentTags, name: string): void {
  environmentTag(tags, name);
  tags.delete(name);
}

function checkTag({ name, value }: EnvironmentTag): void {
  if (!namePattern.test(name)) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_NAME",
      `invalid environment tag ${JSON.stringify(name.slice(0, 120))}: use 1 to 40 letters, digits, "-", "_", "." and ":"`,
    );
  }
  if (value.length > maxValueCharacters) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_BAD_REQUEST",
      `the value of tag ${JSON.stringify(name)} is longer than ${maxValueCharacters} characters`,
    );
  }
}

function refuseTaken(tags: EnvironmentTags, name: string): void {
  if (tags.has(name)) {
    throw new EscServiceError(
      "ERR_ESC_SERVICE_EXISTS",
      `the environment already has a tag ${JSON.stringify(name)}: update it instead`,
    );
  }
}
