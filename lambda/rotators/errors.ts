import { AdapterError } from "../errors";

/** Nobody can tell which credential is in use. `plan` says what to do, step by step; no step holds a secret. */
export class StateUnknownError extends AdapterError {
  readonly plan: readonly string[];

  constructor(target: string, why: string) {
    const plan = planFor(target);
    super("state_unknown", [`${target}: ${why}`, ...plan].join("; "));
    this.plan = plan;
  }
}

/** Works whatever has happened: what is forgotten is begun anew, from a credential that is proven or from none. */
function planFor(target: string): readonly string[] {
  return [
    `find a credential of ${target} that works, or none`,
    `forget the journal of ${target}: delete its item from the journal's table`,
    "write the working credential into the environment as the rotator's state.current, or remove its state",
    "rotate again: a credential given by hand is proven and kept, and the other slot is rotated",
  ];
}
