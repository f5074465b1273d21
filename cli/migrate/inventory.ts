import { inventory } from "../../esc/inventory";
import { checkForm } from "../../esc/inventory/forms";
import { formOf, selectItems } from "../../esc/inventory/select";
import type { Known } from "./plan";

/** What the inventory says of a variable or key of configuration, for entries below a prefix such as `shop/staging`. */
export function knownByInventory(prefix: string): (name: string) => Known | undefined {
  const stage = prefix.split("/").at(-1) ?? "";
  const items = inventory.stages.some((each) => each === stage) ? selectItems(inventory, stage) : [];
  return (name) => {
    for (const item of items) {
      const value = item.values.find(({ variable, config }) => variable === name || config === name);
      if (value === undefined) continue;
      if (item.kind === "setting")
        return { stays: "it is a setting: its place is the environment's definition" };
      if (item.livesIn === "esc")
        return { stays: "it lives in ESC itself: set it there with pulumi env set --secret" };
      if (item.livesIn === "rotated") return { stays: "ESC rotates it: run its first rotation instead" };
      return {
        place: value.jsonKey === undefined ? item.name : `${item.name}#${value.jsonKey}`,
        problem(text) {
          const problem = checkForm(formOf(value, stage), text);
          return problem && `its value ${problem.reason}: mend it, or map the name elsewhere`;
        },
      };
    }
    return undefined;
  };
}
