import { type StageOptions, stage } from "./stage.js";

/** Where changes are tried before users see them. */
export const staging = (options: StageOptions) => stage("staging", options);
