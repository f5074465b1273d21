import { type Credential, sameJson } from "./credential";
import type { IssuedCredential, RotationStep } from "./journal";

/** What the engine says about a credential, beside the rotator's own members. */
const ENVELOPE = ["slot", "version", "rotatedAt", "previous"] as const;

/** What ESC is answered and hands back at the next rotation: the credential, and the one before it. */
export function renderState({ current, previous }: RotationStep): Credential {
  return { ...render(current), ...(previous && { previous: render(previous) }) };
}

/** Whether a state is what was answered of a rotation: with the credential before it, or once that was dead without it. */
export function isAnswerOf(state: Credential | null, { previous, ...step }: RotationStep): boolean {
  if (sameJson(state, renderState(step))) return true;
  return previous !== undefined && sameJson(state, renderState({ ...step, previous }));
}

/** A state without what the engine added: the rotator's own members, as somebody may have written them by hand. */
export function credentialOf(state: Credential): Credential {
  return Object.fromEntries(
    Object.entries(state).filter(([name]) => !(ENVELOPE as readonly string[]).includes(name)),
  );
}

function render({ credential, slot, version, rotatedAt }: IssuedCredential): Credential {
  return {
    ...credential,
    slot,
    ...(version !== undefined && { version }),
    ...(rotatedAt !== undefined && { rotatedAt }),
  };
}
