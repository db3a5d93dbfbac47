import { PAGE_SIZE } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import type { AddressSpace } from "../memory/address-space.ts";
import { permits } from "../memory/rights.ts";
import { Protection, type Vma } from "../memory/vma.ts";
import { addressRange } from "./address-range.ts";
import type { Call } from "./call.ts";

/** madvise advice (asm-generic/mman-common.h). */
const Advice = {
  dontNeed: 4,
  free: 8,
  remove: 9,
  dontFork: 10,
  doFork: 11,
  wipeOnFork: 18,
  keepOnFork: 19,
  cold: 20,
  pageOut: 21,
  populateRead: 22,
  populateWrite: 23,
  dontNeedLocked: 24,
} as const;

/** The rest of the advice there is; all of it is hints. */
const HINTS: ReadonlySet<number> = new Set([0, 1, 2, 3, 12, 13, 14, 15, 16, 17, 25]);

const POPULATING: ReadonlySet<number> = new Set([Advice.populateRead, Advice.populateWrite]);

/** Part of a mapping that advice is given for. */
interface Part {
  readonly vma: Vma;
  readonly start: number;
  readonly end: number;
}

const ACTIONS: Readonly<Record<number, (memory: AddressSpace, part: Part) => void>> = {
  [Advice.dontNeed]: discard,
  [Advice.dontNeedLocked]: (memory, { start, end }) => memory.discard(start, end),
  [Advice.free](memory, part) {
    // The pages may be dropped at once (madvise(2)); doing so keeps secrets shorter.
    if (part.vma.file || part.vma.shared) fail("EINVAL");
    discard(memory, part);
  },
  [Advice.remove]: remove,
  [Advice.dontFork]: (memory, { start, end }) => memory.setFlags(start, end, { omitOnFork: true }),
  [Advice.wipeOnFork](memory, { vma, start, end }) {
    if (vma.file || vma.shared) fail("EINVAL");
    memory.setFlags(start, end, { wipeOnFork: true });
  },
  [Advice.doFork]: (memory, { start, end }) => memory.setFlags(start, end, { omitOnFork: false }),
  [Advice.keepOnFork]: (memory, { start, end }) => memory.setFlags(start, end, { wipeOnFork: false }),
  [Advice.cold]: (_memory, { vma }) => refuseLocked(vma),
  [Advice.pageOut]: (_memory, { vma }) => refuseLocked(vma),
  [Advice.populateRead]: (memory, part) => populate(memory, part, "read"),
  [Advice.populateWrite]: (memory, part) => populate(memory, part, "write"),
};

export function madvise(call: Call): number {
  const { start, end, isBeyondAddresses } = addressRange(call);
  const advice = call.int(2);
  const { memory } = call.process;
  const act = ACTIONS[advice];
  if (!act && !HINTS.has(advice)) fail("EINVAL");
  if (call.unsigned(0) !== start || isBeyondAddresses || (end === start && call.unsigned(1) !== 0)) fail("EINVAL");
  const hole = memory.vmas.holeIn(start, end);
  // Mapping by mapping: a hole is passed over and told about at the end, except where pages are to be there after the call.
  const reach = POPULATING.has(advice) ? hole : end;
  if (act)
    for (const vma of memory.vmas.overlapping(start, reach))
      act(memory, { vma, start: Math.max(start, vma.start), end: Math.min(reach, vma.end) });
  return hole === end ? 0 : fail("ENOMEM");
}

function refuseLocked(vma: Vma): void {
  if (vma.lock) fail("EINVAL");
}

function discard(memory: AddressSpace, { vma, start, end }: Part): void {
  refuseLocked(vma);
  memory.discard(start, end);
}

/** MADV_REMOVE: the memory or file behind a shared mapping gets a hole. */
function remove(_memory: AddressSpace, { vma, start, end }: Part): void {
  if (vma.lock || (!vma.shared && !vma.file)) fail("EINVAL");
  if (vma.neverWritable) fail("EACCES");
  const { pages, firstPage } = vma.shared ?? fail("EACCES");
  const offset = firstPage * PAGE_SIZE + start - vma.start;
  if (vma.file) vma.file.mapped.inode.clear(offset, offset + end - start);
  else pages.clear(offset / PAGE_SIZE, (end - start) / PAGE_SIZE);
}

function populate(memory: AddressSpace, { vma, start, end }: Part, access: "read" | "write"): void {
  if (!permits(vma.protection, access) || vma.protection === Protection.none) fail("EINVAL");
  for (let page = start; page < end; page += PAGE_SIZE) {
    memory.cache.allowance.work();
    if (memory.translate(page, access === "write") < 0) fail("EFAULT");
  }
}
