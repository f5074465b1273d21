/** An inventory that cannot be used: every problem with where it is. It holds no value of anybody. */
export class InventoryError extends Error {
  override readonly name = "InventoryError";
  readonly code = "ERR_INVENTORY";
  /** One a line, with its place. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the inventory cannot be used:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}
