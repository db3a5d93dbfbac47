import type { WriteStream } from "node:tty";
import { terminalNet } from "../base/text/index.ts";

/**
 * Writes all of it, or as much as the reader wants: a closed pipe (`ztl run … | head`) is no failure. Bytes are a program's own
 * output and go out as they are; a text is ours, and no name in it may act on a terminal, whoever forgot to paint it.
 */
export async function writeAll(stream: NodeJS.WriteStream | WriteStream, data: string | Uint8Array): Promise<void> {
  if (data.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    stream.write(typeof data === "string" ? terminalNet(data) : data, (error) => {
      if (error === null || error === undefined || (error as NodeJS.ErrnoException).code === "EPIPE") resolve();
      else reject(error);
    });
  });
}

/** The same for a line in passing, which nobody waits for. */
export function writeText(stream: NodeJS.WriteStream, text: string): void {
  stream.write(terminalNet(text));
}

export async function readStdin(): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
