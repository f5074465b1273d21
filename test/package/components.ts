import { ComponentResource } from "@pulumi/pulumi";
import * as components from "../../components/index";

/** The types of all components that the package exports, sorted. */
export const componentTypes: readonly string[] = Object.entries(components)
  .filter(([, value]) => typeof value === "function" && value.prototype instanceof ComponentResource)
  .map(([name]) => `escapement:index:${name}`)
  .sort();

/** Those that `examples/components` uses; the other is in `examples/rotation`. */
export const exampleTypes = componentTypes.filter((type) => type !== "escapement:index:RotatedEnvironment");
