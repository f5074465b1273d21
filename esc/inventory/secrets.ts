import {
  at,
  awsLogin,
  awsSecrets,
  context,
  type Expression,
  external,
  fn,
  interpolate,
  type Reference,
} from "../definition/index";
import { type EntryOwner, entryId } from "../entry-id";
import { isJson } from "./entry";
import type { InventoryItem, InventoryValue } from "./item";

/** How entries are read. */
export interface ReadEntries {
  readonly owner: EntryOwner;
  readonly region: string | Expression<string>;
  /** ARN of the role that ESC assumes. */
  readonly loginRoleArn: string;
}

/** Reads the entries of these items from AWS Secrets Manager, by the item's name; undefined for none. */
export function readEntries(items: readonly InventoryItem[], options: ReadEntries) {
  const { owner, region, loginRoleArn } = options;
  const get = unlessEmpty(byName(items, (item) => ({ secretId: entryId(owner, item.name) })));
  const login = awsLogin({
    roleArn: loginRoleArn,
    // AWS takes 2 to 64 of letters, digits and _+=,.@- here. Logins of Pulumi's service are such; were one
    // longer than 60 or otherwise, the check would say so for this user rather than STS for everybody.
    sessionName: interpolate`esc-${context.pulumi.user.login}`,
    duration: "1h",
    subjectAttributes: ["currentEnvironment.name"],
  });
  return get && awsSecrets({ region, login, get });
}

/** Asks the adapter for the entries of these items, by the item's name; undefined for none. */
export function askAdapter(
  items: readonly InventoryItem[],
  { owner, adapterUrl }: { readonly owner: EntryOwner; readonly adapterUrl: string },
) {
  return unlessEmpty(
    byName(items, (item) =>
      external({ url: adapterUrl, request: { secretName: entryId(owner, item.name) } }),
    ),
  );
}

/** What these items hold: an entry is stored as text, and what has members is JSON. */
export function decodeEntries(
  items: readonly InventoryItem[],
  textOf: (item: InventoryItem) => Reference<string>,
) {
  return byName(items, (item) => (isJson(item) ? fn.fromJSON(textOf(item)) : textOf(item)));
}

/**
 * A value of an item, where the items are: decoded entries, or what ESC rotates (`rotated`, of the environment
 * `rotated-<stage>-<name>` that is imported), of which the current one is meant.
 */
export function valueIn(items: Reference, { name, livesIn }: InventoryItem, { jsonKey }: InventoryValue) {
  const current = livesIn === "rotated" ? ["current"] : [];
  return at<string>(items, name, ...current, ...(jsonKey === undefined ? [] : [jsonKey]));
}

function byName<W>(
  items: readonly InventoryItem[],
  map: (item: InventoryItem) => W,
): { readonly [name: string]: W } {
  return Object.fromEntries(items.map((item) => [item.name, map(item)]));
}

function unlessEmpty<T extends object>(map: T): T | undefined {
  return Object.keys(map).length === 0 ? undefined : map;
}
