import { secret } from "../evaluator/index";
import type { Rotator } from "../evaluator/types";
import { callAdapter, type ExternalOptions } from "./external";
import { rotatorSchemas } from "./schemas";

/** Longer than an adapter needs that waits for another rotation and then for its target. */
const ROTATE_MILLISECONDS = 30_000;

interface RotatorInputs {
  readonly url: string;
  readonly request?: object;
}

interface RotatorState {
  readonly current: object;
}

/**
 * What ESC's `fn::rotate::external` does: to rotate, posts `{ request, state }` to an adapter, where `state` is what the
 * last rotation was answered and null the first time, with a token as `fn::open::external` has; the JSON object
 * that it answers is the new state, secret as a whole. To open, it gives `current`: what was answered last.
 *
 * An open fails as long as nothing has been rotated. A rotation fails as an open of `fn::open::external` does, and
 * leaves the state as it was.
 * @see https://www.pulumi.com/docs/esc/integrations/rotated-secrets/external/
 */
export function createExternalRotator(options: ExternalOptions): Rotator {
  return {
    ...rotatorSchemas.external,
    async open(_inputs, state) {
      const { current } = (state ?? {}) as Partial<RotatorState>;
      if (current === undefined)
        throw new Error("nothing has been rotated yet: rotate the environment first");
      return { current: secret(current) };
    },
    async rotate(inputs, state, call) {
      const { url, request = {} } = inputs as RotatorInputs;
      const { current = null } = (state ?? {}) as Partial<RotatorState>;
      const limits = { timeoutMs: ROTATE_MILLISECONDS, ...options.limits };
      const answer = await callAdapter(
        { ...options, limits },
        { url, content: { request, state: current }, call },
      );
      // Not the state as a whole: what would be written then is a call, which the next load refuses.
      return { current: secret(answer) };
    },
  };
}
