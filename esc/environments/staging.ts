import { type StageOptions, stage } from "./stage";

/** Where changes are tried before users see them. */
export const staging = (options: StageOptions) => stage("staging", options);
