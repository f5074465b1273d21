/** A clock that runs as this machine's does, ahead of it by as much as it has been turned. */
export class TurnableClock {
  #aheadMs = 0;

  /** Milliseconds since 1970. A property, so that it can be handed on as it is: `now: clock.now`. */
  readonly now = (): number => Date.now() + this.#aheadMs;

  /** Turns it forward, or back by a negative number. */
  advance(seconds: number): void {
    this.#aheadMs += seconds * 1000;
  }

  /** Makes it `time` now; it runs on from there. */
  set(time: Date): void {
    this.#aheadMs = time.getTime() - Date.now();
  }
}
