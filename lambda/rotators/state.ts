import type { Credential } from "./credential";
import type { IssuedCredential, RotationStep } from "./journal";

/** What the engine says about a credential, beside the rotator's own members. */
const ENVELOPE = ["slot", "version", "rotatedAt", "previous"] as const;

/** What ESC is answered and hands back at the next rotation: the credential, and the one before it. */
export function renderState({ current, previous }: RotationStep): Credential {
  return { ...render(current), ...(previous && { previous: render(previous) }) };
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
