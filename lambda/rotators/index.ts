import type { ConnectedTarget, Rotator, RotatorTools } from "./define-rotator";
import { httpApi } from "./http-api";
import { postgres } from "./postgres";

/** The rotators every adapter can be configured with. */
export const builtInRotators: readonly Rotator[] = [postgres, httpApi];

/** Settings by target, by rotator: `config.rotators`. */
export type RotatorSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Targets by name, by rotator. */
export type ConnectedRotators = ReadonlyMap<string, ReadonlyMap<string, ConnectedTarget>>;

/** Starts the targets that the configuration names, and only those: an unused client is never loaded. */
export async function connectRotators(
  settings: RotatorSettings,
  rotators: readonly Rotator[],
  tools: RotatorTools,
): Promise<ConnectedRotators> {
  const configured = rotators.filter(({ name }) => Object.hasOwn(settings, name));
  const connect = async (rotator: Rotator) => {
    const targets = Object.entries(settings[rotator.name] ?? {});
    const connected = targets.map(async ([name, own]) => [name, await rotator.connect(own, tools)] as const);
    return [rotator.name, new Map(await Promise.all(connected))] as const;
  };
  return new Map(await Promise.all(configured.map(connect)));
}
