import type { GuestMemory } from "./guest-memory.ts";
import {
  AnnexBytes,
  AnnexVa,
  DOORBELL_EXCEPTIONS,
  DOORBELL_PHYSICAL,
  PAGE_SIZE,
  SystemPhysical,
  SystemVa,
} from "./layout.ts";

/** Selectors; the order of the descriptors is the one `syscall` and `sysret` assume (Intel SDM vol. 2, SYSRET). */
export const Selector = { kernelCode: 0x08, kernelData: 0x10, userData: 0x23, userCode: 0x2b, tss: 0x30 } as const;
/** STAR: sysret takes SS from base + 8 and CS from base + 16; syscall takes CS from the other base. */
export const STAR = (0x1bn << 48n) | (0x08n << 32n);
/** FMASK: what `syscall` clears before the stub runs: TF, IF, DF, AC. */
export const SYSCALL_MASK = 0x40700n;

export const GDT_LIMIT = 8 * 8 - 1;
export const IDT_LIMIT = 32 * 16 - 1;
export const TSS_LIMIT = 0x67;

/** `movabs [doorbell], al` is A2 and eight bytes of address. */
const STORE_LENGTH = 9;
/** RIP after the stub's store: the mark of a real system call. */
export const SYSCALL_STUB_END = SystemVa.syscallStub + STORE_LENGTH;
/** Where `syscall` goes: a jump to the stub, or to the annex where there is one. */
export const SYSCALL_ENTRY = SystemVa.syscallStub + 0x200;
/** A `syscall` instruction in the stub page, for finding out how this host delivers it. */
export const SYSCALL_PROBE = SystemVa.syscallStub + 0x100;
const EXCEPTION_STUB_SIZE = 32;
const VECTORS = 32;
/** Vectors a program may raise with `int n`: breakpoint and overflow, as on Linux. */
const USER_VECTORS = new Set([3, 4]);
/** Vectors for which the CPU pushes an error code (Intel SDM vol. 3, table 6-1). */
const ERROR_CODE_VECTORS = new Set([8, 10, 11, 12, 13, 14, 17, 21]);

export const INTERRUPT_STACK_TOP = SystemVa.interruptStack + PAGE_SIZE;
const FRAME_TOP = SystemPhysical.interruptStack + PAGE_SIZE;
/** Physical addresses of what the CPU pushed: the stack starts at the top of its page each time. */
export const Frame = {
  rsp: FRAME_TOP - 16,
  rflags: FRAME_TOP - 24,
  cs: FRAME_TOP - 32,
  rip: FRAME_TOP - 40,
  errorCode: FRAME_TOP - 48,
} as const;

export function pushesErrorCode(vector: number): boolean {
  return ERROR_CODE_VECTORS.has(vector);
}

/** RSP right after the CPU pushed a frame for this vector, coming from ring 3. */
export function frameRsp(vector: number): number {
  return INTERRUPT_STACK_TOP - (pushesErrorCode(vector) ? 48 : 40);
}

/** RIP after the store of exception stub `vector`: the mark of a real exception. */
export function exceptionStubEnd(vector: number): number {
  return SystemVa.exceptionStubs + EXCEPTION_STUB_SIZE * vector + STORE_LENGTH;
}

/** Which ring `syscall` lands in: 0 as the manuals say, 3 on paravirtual hosts, which never leave it. */
export type SyscallRing = 0 | 3;

/** Writes the stubs, descriptor tables and their page table into fresh memory. */
export function writeSystemPages(memory: GuestMemory, ring: SyscallRing): void {
  writeSyscallStub(memory);
  writeGdt(memory.view);
  writeTss(memory.view);
  writeIdt(memory.view);
  writeExceptionStubs(memory);
  writeSystemTable(memory, ring);
}

function writeSyscallStub(memory: GuestMemory): void {
  const { bytes } = memory;
  // `hlt` faults in ring 3: jumping anywhere else into this page ends in SIGSEGV.
  bytes.fill(0xf4, SystemPhysical.syscallStub, SystemPhysical.syscallStub + PAGE_SIZE);
  writeStore(memory, SystemPhysical.syscallStub, SystemVa.doorbell);
  bytes.set([0x48, 0x0f, 0x07], SystemPhysical.syscallStub + STORE_LENGTH); // sysretq
  bytes.set([0x0f, 0x05], SystemPhysical.syscallStub + (SYSCALL_PROBE - SystemVa.syscallStub));
  writeSyscallEntry(memory, SystemVa.syscallStub);
}

/** Has `syscall` go on at this address. */
export function writeSyscallEntry(memory: GuestMemory, target: number): void {
  const physical = SystemPhysical.syscallStub + (SYSCALL_ENTRY - SystemVa.syscallStub);
  memory.bytes[physical] = 0xe9; // jmp rel32
  memory.view.setInt32(physical + 1, target - (SYSCALL_ENTRY + 5), true);
}

/** `movabs [address], al`: changes no register and no flag, so everything still belongs to the user. */
function writeStore(memory: GuestMemory, physical: number, address: number): void {
  memory.bytes[physical] = 0xa2;
  memory.view.setBigUint64(physical + 1, BigInt(address), true);
}

function writeGdt(view: DataView): void {
  // Accessed bits are set, so the CPU never writes here. There is no 32-bit user code segment on purpose: without one
  // a program cannot enter compatibility mode, whose system call entries nobody needs.
  const tssBase = BigInt(SystemVa.tss);
  const descriptors = [
    0n,
    0x00af9b000000ffffn, // kernel code, 64 bit
    0x00cf93000000ffffn, // kernel data
    0n,
    0x00cff3000000ffffn, // user data
    0x00affb000000ffffn, // user code, 64 bit
    BigInt(TSS_LIMIT) | ((tssBase & 0xffffffn) << 16n) | (0x8bn << 40n) | (((tssBase >> 24n) & 0xffn) << 56n),
    tssBase >> 32n,
  ];
  for (const [i, descriptor] of descriptors.entries()) view.setBigUint64(SystemPhysical.gdt + 8 * i, descriptor, true);
}

function writeTss(view: DataView): void {
  view.setBigUint64(SystemPhysical.tss + 4, BigInt(INTERRUPT_STACK_TOP), true); // RSP0
  // The I/O permission map begins at the limit: no port is allowed.
  view.setUint16(SystemPhysical.tss + 0x66, TSS_LIMIT + 1, true);
}

function writeIdt(view: DataView): void {
  for (let vector = 0; vector < VECTORS; vector++) {
    const handler = BigInt(SystemVa.exceptionStubs + EXCEPTION_STUB_SIZE * vector);
    const type = USER_VECTORS.has(vector) ? 0xeen : 0x8en; // present, interrupt gate, DPL 3 or 0
    const low =
      (handler & 0xffffn) |
      (BigInt(Selector.kernelCode) << 16n) |
      (type << 40n) |
      (((handler >> 16n) & 0xffffn) << 48n);
    view.setBigUint64(SystemPhysical.idt + 16 * vector, low, true);
    view.setBigUint64(SystemPhysical.idt + 16 * vector + 8, handler >> 32n, true);
  }
}

function writeExceptionStubs(memory: GuestMemory): void {
  for (let vector = 0; vector < VECTORS; vector++) {
    const stub = SystemPhysical.exceptionStubs + EXCEPTION_STUB_SIZE * vector;
    writeStore(memory, stub, SystemVa.doorbell + DOORBELL_EXCEPTIONS * (vector + 1));
    memory.bytes.set([0xeb, 0xfe], stub + STORE_LENGTH); // jmp $: never reached, the VMM resumes in ring 3
  }
}

const NO_EXECUTE = 0x80000000;
const READ = 0x61; // present, accessed, dirty
const READ_WRITE = 0x63;
const USER = 0x4;

function mapSystemPage(memory: GuestMemory, va: number, physical: number, flags: number, high: number): void {
  const word = (SystemPhysical.table + ((va - SystemVa.syscallStub) / PAGE_SIZE) * 8) / 4;
  memory.words[word] = (physical | flags) >>> 0;
  memory.words[word + 1] = high;
}

/** Adds the annex's pages to every address space. */
export function mapAnnex(memory: GuestMemory, ring: SyscallRing): void {
  const user = ring === 3 ? USER : 0;
  const setAll = (va: number, physical: number, bytes: number, flags: number, high: number) => {
    for (let at = 0; at < bytes; at += PAGE_SIZE) mapSystemPage(memory, va + at, physical + at, flags | user, high);
  };
  setAll(AnnexVa.code, SystemPhysical.annexCode, AnnexBytes.code, READ, 0);
  setAll(AnnexVa.state, SystemPhysical.annexState, AnnexBytes.state, READ_WRITE, NO_EXECUTE);
  setAll(AnnexVa.facts, SystemPhysical.annexFacts, AnnexBytes.facts, READ, NO_EXECUTE);
  setAll(AnnexVa.content, SystemPhysical.annexContent, AnnexBytes.content, READ, NO_EXECUTE);
  memory.markWritten(SystemPhysical.table, PAGE_SIZE);
}

function writeSystemTable(memory: GuestMemory, ring: SyscallRing): void {
  const set = mapSystemPage.bind(undefined, memory);
  set(SystemVa.syscallStub, SystemPhysical.syscallStub, READ | USER, 0);
  set(SystemVa.gdt, SystemPhysical.gdt, READ, NO_EXECUTE);
  set(SystemVa.tss, SystemPhysical.tss, READ, NO_EXECUTE);
  set(SystemVa.idt, SystemPhysical.idt, READ, NO_EXECUTE);
  set(SystemVa.exceptionStubs, SystemPhysical.exceptionStubs, READ, 0);
  set(SystemVa.interruptStack, SystemPhysical.interruptStack, READ_WRITE, NO_EXECUTE);
  const user = ring === 3 ? USER : 0;
  // Where `syscall` stays in ring 3 the stub's own store is a user store, so the doorbell must be a user page.
  set(SystemVa.doorbell, DOORBELL_PHYSICAL, READ_WRITE | user, NO_EXECUTE);
}
