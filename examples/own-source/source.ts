import { AdapterError, defineSource } from "escapement/adapter";
import * as z from "zod/mini";

/** A source of one's own: an environment asks for a partner's key, and gets it from the partner's own service. */
const partner = defineSource({
  name: "partner",
  // What `sourceSettings` of AdapterLambda may say. No secrets.
  settings: z.strictObject({ keys: z.record(z.string(), z.string()) }),
  // What `request` of `fn::open::external` may say.
  request: z.strictObject({ key: z.string() }),
  // What the access rules judge.
  names: ({ key }) => [key],
  // Once, when the function starts. A real one makes its client here and passes `signal` on.
  connect: async ({ keys }) => {
    return async ({ key }) => {
      const value = keys[key];
      if (value === undefined) throw new AdapterError("source_not_found", "the partner has no such key");
      return { value };
    };
  },
});

export const sources = [partner];
