import { PAGE_SIZE, physicalOf } from "../../vmm/index.ts";
import { Protection, type Vma } from "../memory/vma.ts";
import type { Process } from "../process/process.ts";

export const kibOf = (bytes: number): number => Math.floor(bytes / 1024);

/** Sizes of a process's memory in bytes, as /proc tells them (proc_pid_statm(5), proc_pid_status(5)). */
export interface MemorySizes {
  readonly virtual: number;
  /** Pages present now, by what is behind them. */
  readonly anonymous: number;
  readonly file: number;
  readonly shared: number;
  /** Mappings that may be written to and belong to the process alone, without the stack. */
  readonly data: number;
  readonly stack: number;
  readonly text: number;
}

const NOTHING: MemorySizes = { virtual: 0, anonymous: 0, file: 0, shared: 0, data: 0, stack: 0, text: 0 };

export function memorySizes(process: Process): MemorySizes {
  const sizes = { ...NOTHING };
  if (process.exit) return sizes;
  for (const vma of process.memory.vmas.all) {
    const bytes = vma.end - vma.start;
    sizes.virtual += bytes;
    if (vma.growsDown) sizes.stack += bytes;
    else if ((vma.protection & Protection.write) !== 0 && vma.shared === undefined) sizes.data += bytes;
    else if ((vma.protection & Protection.execute) !== 0) sizes.text += bytes;
    sizes[residentKind(vma)] += residentPages(process, vma) * PAGE_SIZE;
  }
  return sizes;
}

export function residentBytes({ anonymous, file, shared }: MemorySizes): number {
  return anonymous + file + shared;
}

/** Memory of a file that a page was copied from counts with the file: which pages were written to is not kept apart. */
function residentKind(vma: Vma): "anonymous" | "file" | "shared" {
  if (vma.file !== undefined) return "file";
  return vma.shared === undefined ? "anonymous" : "shared";
}

function residentPages(process: Process, vma: Vma): number {
  let pages = 0;
  process.memory.tables.forEach(vma.start, vma.end, () => pages++);
  return pages;
}

/** /proc/PID/statm (proc_pid_statm(5)). */
export function statmText(process: Process): string {
  const sizes = memorySizes(process);
  const pages = (bytes: number): number => bytes / PAGE_SIZE;
  const shared = pages(sizes.file + sizes.shared);
  const data = pages(sizes.data + sizes.stack);
  return `${pages(sizes.virtual)} ${pages(residentBytes(sizes))} ${shared} ${pages(sizes.text)} 0 ${data} 0\n`;
}

/** A line of /proc/PID/maps (proc_pid_maps(5)). */
export function mapsLine(vma: Vma): string {
  const { protection } = vma;
  const rights = `${protection & Protection.read ? "r" : "-"}${protection & Protection.write ? "w" : "-"}${protection & Protection.execute ? "x" : "-"}${vma.shared ? "s" : "p"}`;
  const range = `${vma.start.toString(16).padStart(8, "0")}-${vma.end.toString(16).padStart(8, "0")}`;
  const offset = (vma.file?.offset ?? 0).toString(16).padStart(8, "0");
  const name = vma.file?.mapped.path ?? vma.name ?? "";
  const head = `${range} ${rights} ${offset} 00:00 ${vma.file ? 1 : 0}`;
  return `${name ? `${head.padEnd(72)} ${name.replaceAll("\n", "\\012")}` : head}\n`;
}

/** How a mapping's pages are counted in /proc/PID/smaps, in the order of its lines. */
interface Counted {
  size: number;
  resident: number;
  /** Each page's size divided by how many show it. */
  proportional: number;
  sharedClean: number;
  privateClean: number;
  privateDirty: number;
  anonymous: number;
  locked: number;
}

function countPages(process: Process, vma: Vma): Counted {
  const counted: Counted = {
    size: vma.end - vma.start,
    resident: 0,
    proportional: 0,
    sharedClean: 0,
    privateClean: 0,
    privateDirty: 0,
    anonymous: 0,
    locked: 0,
  };
  const { allowance } = process.memory.cache;
  const { pages } = process.memory.machine;
  allowance.work();
  process.memory.tables.forEach(vma.start, vma.end, (_page, entry) => {
    allowance.work();
    const sharers = pages.references(physicalOf(entry));
    counted.resident += PAGE_SIZE;
    counted.proportional += PAGE_SIZE / Math.max(sharers, 1);
    if (sharers > 1) counted.sharedClean += PAGE_SIZE;
    else if (vma.file === undefined) counted.privateDirty += PAGE_SIZE;
    else counted.privateClean += PAGE_SIZE;
  });
  if (vma.file === undefined && vma.shared === undefined) counted.anonymous = counted.resident;
  if (vma.lock !== undefined) counted.locked = Math.floor(counted.proportional);
  return counted;
}

function countedText(counted: Counted, isRollup: boolean): string {
  const rows: [string, number][] = [
    ...(isRollup
      ? []
      : ([
          ["Size", counted.size],
          ["KernelPageSize", PAGE_SIZE],
          ["MMUPageSize", PAGE_SIZE],
        ] as [string, number][])),
    ["Rss", counted.resident],
    ["Pss", counted.proportional],
    ["Shared_Clean", counted.sharedClean],
    ["Shared_Dirty", 0],
    ["Private_Clean", counted.privateClean],
    ["Private_Dirty", counted.privateDirty],
    ["Referenced", counted.resident],
    ["Anonymous", counted.anonymous],
    ["LazyFree", 0],
    ["AnonHugePages", 0],
    ["ShmemPmdMapped", 0],
    ["FilePmdMapped", 0],
    ["Shared_Hugetlb", 0],
    ["Private_Hugetlb", 0],
    ["Swap", 0],
    ["SwapPss", 0],
    ["Locked", counted.locked],
  ];
  return rows.map(([name, bytes]) => `${`${name}:`.padEnd(16)}${String(kibOf(bytes)).padStart(8)} kB\n`).join("");
}

function flagsLine({ protection, shared, growsDown, lock }: Vma): string {
  const flags = [
    protection & Protection.read ? "rd" : "",
    protection & Protection.write ? "wr" : "",
    protection & Protection.execute ? "ex" : "",
    shared ? "sh" : "",
    "mr mw me",
    growsDown ? "gd" : "",
    lock === undefined ? "" : "lo",
  ];
  return `VmFlags: ${flags.filter(Boolean).join(" ")} \n`;
}

/** Characters that are put together at a time. */
const PIECE_LENGTH = 65_536;

/** /proc/PID/smaps (proc_pid_smaps(5)). */
export function smapsText(process: Process): Uint8Array {
  const { allowance } = process.memory.cache;
  const pieces: Buffer[] = [];
  let text = "";
  let charged = 0;
  // Tens of megabytes for as many mappings as there can be: in buffers, and charged while they are put together.
  const flush = (): void => {
    const piece = Buffer.from(text, "latin1");
    pieces.push(piece);
    text = "";
    charged += 2 * piece.length;
    allowance.charge(2 * piece.length);
  };
  for (const vma of process.exit ? [] : process.memory.vmas.all) {
    text += `${mapsLine(vma)}${countedText(countPages(process, vma), false)}THPeligible:           0\n${flagsLine(vma)}`;
    if (text.length >= PIECE_LENGTH) flush();
  }
  flush();
  const whole = Buffer.concat(pieces);
  allowance.refund(charged);
  return whole;
}

/** /proc/PID/smaps_rollup: the sums of smaps. */
export function smapsRollupText(process: Process): string {
  const { all } = process.exit ? { all: [] } : process.memory.vmas;
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) return "";
  const sum = countPages(process, first);
  for (const vma of all.slice(1)) {
    const counted = countPages(process, vma);
    sum.size += counted.size;
    sum.resident += counted.resident;
    sum.proportional += counted.proportional;
    sum.sharedClean += counted.sharedClean;
    sum.privateClean += counted.privateClean;
    sum.privateDirty += counted.privateDirty;
    sum.anonymous += counted.anonymous;
    sum.locked += counted.locked;
  }
  const range = { start: first.start, end: last.end, protection: Protection.none, name: "[rollup]" };
  return `${mapsLine(range)}${countedText(sum, true)}`;
}
