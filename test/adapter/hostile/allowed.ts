import type { Json } from "../support/issuer";

/** What is no attack: every form in which ESC names environments, and times within the skew. */
/** Claims are made when they are sent; `now` is in seconds. `ask` is the name asked for, and no claim. */
export const allowedCases: readonly (readonly [what: string, claims: Json | ((now: number) => Json)])[] = [
  ["org/project/env", { current_env: "acme/app/staging" }],
  ["project/env", { current_env: "app/staging" }],
  ["an environment opened at a tag", { current_env: "acme/app/staging@live" }],
  [
    "a stack that imports the environment: sub and env are <yaml>",
    { sub: "pulumi:environments:org:acme:env:<yaml>", env: "<yaml>", root_env: "<yaml>" },
  ],
  ["any root environment where the rule names none", { root_env: "acme/other/dev" }],
  [
    "the root environment that the rule names",
    { current_env: "acme/app/shared", root_env: "acme/app/staging@2" },
  ],
  ["the bare form for a rule of the legacy default project", { current_env: "legacy" }],
  ["org/env for a rule of the legacy default project", { current_env: "acme/legacy" }],
  ["default/env", { current_env: "default/legacy" }],
  ["a token that expired within the skew", (now) => ({ iat: now - 300, exp: now - 20 })],
  ["a token issued ahead within the skew", (now) => ({ iat: now + 20, nbf: now + 20, exp: now + 300 })],
  ["a schedule, which has no user", { trigger_user: undefined }],
  [
    "an environment that a pattern means",
    { current_env: "acme/app/pr-17", root_env: "app/staging", ask: "pr/database" },
  ],
];
