import { sha256Hex } from "../../base/sha256.ts";
import type { Content } from "../../ledger/index.ts";
import type { LoopParts } from "../parts.ts";

/** A longer text is kept beside its entry, which is then written a moment later. */
const INLINE_BYTES_MAX = 8 * 1024;

/**
 * Records what the host program told an agent, so that a later call that repeats it is not taken for one that repeats a tool. It is on
 * its way to the disk when this returns: a ledger that takes nothing any more refuses the next call, too.
 */
export function recordTold(
  { ledger, told }: Pick<LoopParts, "ledger" | "told">,
  { agent, conversation }: { readonly agent: string; readonly conversation: string },
  role: "system" | "user",
  text: string,
): void {
  const bytes = Buffer.from(text, "utf8");
  const append = async (content: Content): Promise<void> => {
    const body = { role, contents: [content], details: { conversation } };
    told(await ledger.append({ kind: "told", agent, body }));
  };
  const written = bytes.length > INLINE_BYTES_MAX ? ledger.keep(bytes).then(append) : append(inline(bytes));
  written.catch(() => {});
}

function inline(bytes: Buffer): Content {
  return { sha256: sha256Hex(bytes), sizeBytes: bytes.length, base64: bytes.toString("base64") };
}
