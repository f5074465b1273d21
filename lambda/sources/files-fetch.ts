import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import path from "node:path";
import { AdapterError } from "../errors";
import type { Fetch } from "./define-source";
import type { FilesRequest } from "./files";

const MAX_BYTES = 1_048_576;

/** The reading part of the files source. The root is looked up each time: platforms replace what they mount. */
export function createFilesFetch(root: string): Fetch<FilesRequest> {
  return async ({ path: asked, encoding = "utf-8" }) => {
    const bytes = await readInside(root, asked).catch((error: unknown) => {
      throw error instanceof AdapterError ? error : fromFileError(error);
    });
    return { value: encoding === "base64" ? bytes.toString("base64") : readUtf8(bytes) };
  };
}

async function readInside(root: string, asked: string): Promise<Buffer> {
  const folder = await realpath(root);
  const file = await realpath(path.join(folder, asked));
  if (!file.startsWith(folder === "/" ? folder : folder + path.sep)) {
    throw new AdapterError("source_denied", "the file is a link that leads out of the root");
  }
  // What has become a link or a pipe since then is refused, not followed or waited for.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw new AdapterError("source_not_found", "it is not a file");
    const buffer = Buffer.alloc(Math.min(status.size, MAX_BYTES) + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    if (bytesRead > MAX_BYTES) {
      throw new AdapterError("source_too_large", `the file is longer than ${MAX_BYTES} bytes`);
    }
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function fromFileError(error: unknown): AdapterError {
  const { code = "unknown" } = error as { readonly code?: string };
  const why = `the file could not be read: ${code}`;
  if (["ENOENT", "ENOTDIR", "EISDIR"].includes(code)) return new AdapterError("source_not_found", why);
  if (["EACCES", "EPERM", "ELOOP"].includes(code)) return new AdapterError("source_denied", why);
  return new AdapterError("source_unavailable", why);
}

function readUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new AdapterError("source_not_text", "the file is not UTF-8: ask for base64");
  }
}
