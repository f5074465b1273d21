/**
 * The bytes of an answer, not one more than the limit whatever it says of its length: undefined when it is longer.
 * Leaving the loop cancels what is left.
 */
export async function readBody({ body }: Response, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.byteLength;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
