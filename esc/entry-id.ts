/** Whose secret entries are meant. */
export interface EntryOwner {
  /** Put in front of every name, for accounts that several teams share: `acme-`. @default "" */
  readonly namePrefix?: string;
  readonly project: string;
  readonly stage: string;
}

/**
 * The id of a stage's secret entry in AWS Secrets Manager, `<namePrefix><project>/<stage>/<name>`: what the component
 * creates, what the environment reads and what the adapter is asked for. `/` groups entries for people and policies.
 */
export function entryId({ namePrefix = "", project, stage }: EntryOwner, name: string): string {
  return `${namePrefix}${project}/${stage}/${name}`;
}
