import { Protection, type Vma } from "../memory/vma.ts";
import type { Call } from "./call.ts";

/** RLIMIT numbers (asm-generic/resource.h). */
const RLIMIT_DATA = 2;
const RLIMIT_AS = 9;

/** What kind of memory a mapping is. */
type Kind = Pick<Vma, "protection" | "shared" | "growsDown">;

/** Memory that is to be mapped, or to get other rights. */
export interface Wanted extends Kind {
  readonly bytes: number;
  /** The addresses whose mappings it takes the place of. */
  readonly replaces?: { readonly start: number; readonly end: number };
}

/** Memory that a process may write to and shares with nobody, its stack aside (mm/internal.h, is_data_mapping). */
function isData({ protection, shared, growsDown }: Kind): boolean {
  return (protection & Protection.write) !== 0 && shared === undefined && growsDown !== true;
}

/**
 * Whether a process may have this memory: within RLIMIT_AS and RLIMIT_DATA (getrlimit(2)). It may still turn out to be more
 * than the run has, and ends it when it is used.
 */
export function hasRoom(call: Call, wanted: Wanted): boolean {
  const { limits, memory } = call.process;
  const isWithin = (limit: number, counts: (vma: Kind) => boolean): boolean => {
    if (limit === Infinity || !counts(wanted)) return true;
    const { start, end } = wanted.replaces ?? { start: 0, end: 0 };
    let bytes = wanted.bytes;
    for (const vma of memory.vmas.all) {
      if (!counts(vma)) continue;
      const replaced = Math.max(Math.min(vma.end, end) - Math.max(vma.start, start), 0);
      bytes += vma.end - vma.start - replaced;
    }
    return bytes <= limit;
  };
  return (
    isWithin(limits.get(RLIMIT_AS)?.soft ?? Infinity, () => true) &&
    isWithin(limits.get(RLIMIT_DATA)?.soft ?? Infinity, isData)
  );
}
