import { sha256Stream } from "../base/sha256.ts";
import { supportedCpuid } from "./host/kvm.ts";

const HEADER = 8;
const ENTRY = 40;
/** XSAVE components we let a guest have: x87, SSE, AVX, AVX-512 (3 bits). Not AMX, PKRU, MPX: more state for little use. */
const XCR0_MASK = 0xe7;

/** Bits cleared per leaf: [leaf, subleaf, register (0 eax .. 3 edx), bits], from the Intel SDM vol. 2 and AMD APM vol. 3. */
const CLEARED: readonly (readonly [leaf: number, subleaf: number, register: number, bits: readonly number[]])[] = [
  [0x1, 0, 2, [2, 3, 5, 6, 21, 24, 31]], // DTES64, MONITOR, VMX, SMX, x2APIC, TSC deadline, hypervisor
  [0x1, 0, 3, [7, 9, 12, 14]], // MCE, APIC, MTRR, MCA: nothing of them exists here
  [0x7, 0, 1, [2, 4, 11, 14]], // SGX, HLE, RTM, MPX
  [0x7, 0, 2, [3, 4, 5, 7, 16, 30]], // PKU, OSPKE, WAITPKG, shadow stacks, LA57, SGX launch control
  [0x7, 0, 3, [20, 22, 24, 25]], // IBT, AMX
  [0x7, 1, 0, [21]], // AMX-FP16
  [0x7, 1, 3, [8]], // AMX-COMPLEX
  [0xd, 1, 0, [3, 4]], // XSAVES (ring 0 only), XFD
  [0x80000001, 0, 2, [2, 3, 23]], // SVM, extended APIC space, performance counters
];

/** What the guest's CPU can do: fixed for a process, and part of every image. */
export interface CpuFeatures {
  /** `struct kvm_cpuid2`, filtered. */
  readonly cpuid: Uint8Array<ArrayBuffer>;
  readonly xcr0: number;
  /** CR4.UMIP may be set. */
  readonly umip: boolean;
  /** Hex digest of all that a program can find out about the CPU: images move only between equal ones. */
  readonly digest: string;
}

let features: CpuFeatures | undefined;

/** The features of every guest on this host, worked out once. */
export function cpuFeatures(): CpuFeatures {
  features ??= detect();
  return features;
}

function detect(): CpuFeatures {
  const table = supportedCpuid();
  const view = new DataView(table.buffer);
  let entries = readEntries(view).filter((entry) => (entry.leaf & 0xffffff00) !== 0x40000000 && entry.leaf !== 0xa);
  const supported = entries.find((entry) => entry.leaf === 0xd && entry.subleaf === 0)?.registers[0] ?? 3;
  const xcr0 = supported & XCR0_MASK;
  entries = entries.filter((entry) => entry.leaf !== 0xd || entry.subleaf < 2 || ((xcr0 >>> entry.subleaf) & 1) === 1);
  for (const [leaf, subleaf, register, bits] of CLEARED) clearBits(entries, leaf, subleaf, register, bits);
  agreeOnXsave(entries, xcr0);
  for (const entry of entries) forgetPlace(entry);
  writeEntries(view, entries);
  const umip = entries.some((entry) => entry.leaf === 7 && entry.subleaf === 0 && (entry.registers[2] & 4) !== 0);
  return { cpuid: table, xcr0, umip, digest: digestOf(entries, xcr0) };
}

interface CpuidEntry {
  readonly leaf: number;
  readonly subleaf: number;
  readonly flags: number;
  readonly registers: [eax: number, ebx: number, ecx: number, edx: number];
}

function readEntries(view: DataView): CpuidEntry[] {
  const count = view.getUint32(0, true);
  return Array.from({ length: count }, (_, i) => {
    const word = (n: number) => view.getUint32(HEADER + ENTRY * i + 4 * n, true);
    return { leaf: word(0), subleaf: word(1), flags: word(2), registers: [word(3), word(4), word(5), word(6)] };
  });
}

function writeEntries(view: DataView, entries: readonly CpuidEntry[]): void {
  view.setUint32(0, entries.length, true);
  entries.forEach(({ leaf, subleaf, flags, registers }, i) => {
    [leaf, subleaf, flags, ...registers, 0, 0, 0].forEach((word, n) => {
      view.setUint32(HEADER + ENTRY * i + 4 * n, word, true);
    });
  });
}

function clearBits(
  entries: readonly CpuidEntry[],
  leaf: number,
  subleaf: number,
  register: number,
  bits: readonly number[],
): void {
  for (const entry of entries) {
    if (entry.leaf !== leaf || entry.subleaf !== subleaf) continue;
    for (const bit of bits) {
      entry.registers[register] = ((entry.registers[register] as number) & ~(1 << bit)) >>> 0;
    }
  }
}

/** Leaf 0xD must describe exactly XCR0: libraries size their save areas by it. */
function agreeOnXsave(entries: readonly CpuidEntry[], xcr0: number): void {
  let size = 576; // legacy area and header
  for (const { leaf, subleaf, registers } of entries) {
    if (leaf === 0xd && subleaf >= 2) size = Math.max(size, registers[0] + registers[1]);
  }
  for (const { leaf, subleaf, registers } of entries) {
    if (leaf !== 0xd) continue;
    if (subleaf === 0) registers.splice(0, 4, xcr0, size, size, 0);
    // No supervisor components (IA32_XSS).
    if (subleaf === 1) registers.splice(2, 2, 0, 0);
  }
}

/** Leaves that list processors, one level in each subleaf (Intel SDM vol. 2, CPUID; AMD APM vol. 3, E.4). */
const TOPOLOGY_LEAVES = new Set([0xb, 0x1f, 0x80000026]);

/** One processor, number 0: which of the host's it is, and how many there are, is nothing a program has to know. */
function forgetPlace({ leaf, subleaf, registers }: CpuidEntry): void {
  // Leaf 1 EBX: initial APIC id and number of logical processors in its upper half.
  if (leaf === 1) registers[1] = (registers[1] & 0xffff) | (1 << 16);
  if (TOPOLOGY_LEAVES.has(leaf)) registers.splice(0, 4, 0, subleaf === 0 ? 1 : 0, registers[2], 0);
  // Extended APIC id, core and node.
  if (leaf === 0x8000001e) registers.splice(0, 4, 0, 0, 0, 0);
}

function digestOf(entries: readonly CpuidEntry[], xcr0: number): string {
  const hash = sha256Stream().update(`xcr0=${xcr0};`);
  for (const { leaf, subleaf, registers } of entries) hash.update(`${leaf}.${subleaf}=${registers.join(",")};`);
  return hash.digest("hex");
}
