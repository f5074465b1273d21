import { type StageOptions, stage } from "./stage";

/** What users see. The same pattern as staging, with its own role, entries and stacks. */
export const prod = (options: StageOptions) => stage("prod", options);
