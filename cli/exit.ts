/** What every verb exits with. */
export const EXIT = {
  good: 0,
  /** The verb ran and found something wrong. */
  finding: 1,
  /** The verb could not run: misuse, a missing tool. */
  cannotRun: 2,
  /** Ended by Ctrl-C, as shells count it: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a verb with an exit code and, on stderr, a message (empty: everything has been said). */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message = "") {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What cannot be read or brought up is no finding. */
export async function orCannotRun<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new CommandFailure(EXIT.cannotRun, error instanceof Error ? error.message : String(error));
  }
}
