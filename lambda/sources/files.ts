import * as z from "zod/mini";
import { defineSource, type Source } from "./define-source";

export interface FilesSettings {
  /** The folder whose files may be read, as an absolute path: `/run/secrets`. What its links lead out to is not. */
  readonly root: string;
}

export interface FilesRequest {
  /** Below the root, with `/`: `database/password`. */
  readonly path: string;
  /** How `value` holds the bytes. @default "utf-8" */
  readonly encoding?: "utf-8" | "base64" | undefined;
}

/** No segment leads elsewhere, and none means something else to another system. */
const path = z.string().check(
  z.maxLength(1024),
  z.refine((value) => value.split("/").every((part) => /^[\w.+=@~-]+$/.test(part) && !/^\.\.?$/.test(part)), {
    error: "must be a relative path of plain segments",
  }),
);

/**
 * Reads files of the machine that the adapter runs on, such as those that a platform mounts: `{ path, encoding? }` answers
 * `{ "value": … }`, without a change, as text or base64. For the Node server: a deployed function has none.
 *
 * Rules list the path as the request spells it.
 */
export const files: Source = defineSource<FilesSettings, FilesRequest>({
  name: "files",
  settings: z.strictObject({
    root: z.string().check(z.refine((value) => value.startsWith("/"), { error: "must be an absolute path" })),
  }),
  request: z.strictObject({ path, encoding: z.optional(z.enum(["utf-8", "base64"])) }),
  names: ({ path }) => [path],
  connect: async ({ root }) => {
    const { createFilesFetch } = await import("./files-fetch.js");
    return createFilesFetch(root);
  },
});
