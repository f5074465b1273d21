import { accessCases } from "./access";
import { bearerCases } from "./bearer";
import type { HostileCase } from "./case";
import { claimCases } from "./claims";
import { requestCases } from "./request";

export const hostileCases: readonly HostileCase[] = [
  ...bearerCases,
  ...claimCases,
  ...accessCases,
  ...requestCases,
];
