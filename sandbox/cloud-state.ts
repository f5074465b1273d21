import { type Account, createAccount } from "./aws/account";
import type { StackState } from "./engine/index";
import type { GithubContent } from "./github";
import type { GrantsContent, OidcIssuersContent, SchedulesContent, StoreContent } from "./pulumi/index";

/** Everything that a cloud is, for a later one to go on with: made of plain data, full of secrets. */
export interface CloudState {
  /** The account's identity, and everything in it by kind. */
  readonly account: Pick<Account, "id" | "partition" | "region"> & {
    readonly content: Readonly<Record<string, ReadonlyMap<unknown, unknown>>>;
  };
  readonly environments: StoreContent;
  /** What was granted on environments. This and what follows is absent in states from before there was any. */
  readonly grants?: GrantsContent;
  readonly issuers?: OidcIssuersContent;
  readonly schedules?: SchedulesContent;
  readonly github?: GithubContent;
  /** By `project/stack`. */
  readonly stacks: ReadonlyMap<string, StackState>;
}

/** Sessions end with the process that gave them out, and so do the keys of the issuers behind them. */
const fleeting = ["sessions"];

export function accountState(account: Account): CloudState["account"] {
  const { id, partition, region } = account;
  return { id, partition, region, content: Object.fromEntries(contentOf(account)) };
}

export function restoreAccount(state: CloudState["account"], now: () => number): Account {
  const { id, partition, region, content } = state;
  const account = createAccount({ id, partition, region, now });
  for (const [kind, map] of contentOf(account)) {
    for (const [key, value] of content[kind] ?? []) map.set(key, value);
  }
  return account;
}

function contentOf(account: Account): [string, Map<unknown, unknown>][] {
  return Object.entries(account).flatMap(([kind, value]): [string, Map<unknown, unknown>][] =>
    value instanceof Map && !fleeting.includes(kind) ? [[kind, value]] : [],
  );
}
