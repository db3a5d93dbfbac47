/** What `fetch` and `requestLoopback` have in common. */
export interface AnswerWithBody {
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** The first `most` bytes of a body, decompressed, and whether they are all of it. What lies beyond is not fetched. */
export async function readStart(
  response: AnswerWithBody,
  most: number,
): Promise<{ readonly bytes: Uint8Array; readonly isComplete: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the stream, which closes the connection.
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, most), isComplete: length <= most };
}
