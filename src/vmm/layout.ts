/** Where things are in a machine's physical memory and at the top of every address space. */

export const PAGE_SIZE = 4096;
/** What one leaf page table covers. */
export const TABLE_SPAN = 0x200000;

/** Lowest address user mappings may use: Linux's default vm.mmap_min_addr. */
export const USER_ADDRESS_START = 0x10000;
/**
 * Where a 32-bit `syscall` would land: an address no program can map. On one paravirtual KVM a program can reach 32-bit mode
 * through the host's own descriptors, and such a `syscall` then jumps, in guest ring 0, to the low half of CSTAR.
 */
export const COMPAT_SYSCALL_TARGET = 0x1000;
/** Lowest address user mappings may not reach: the VMM's own pages begin here, in the last 256 MiB of the lower half. */
export const USER_ADDRESS_LIMIT = 0x7ffff0000000;
/** First non-canonical address: nothing above may become RIP (the SYSRET hole, CVE-2012-0217). */
export const CANONICAL_LIMIT = 0x800000000000;

/** Virtual addresses of the system pages; one shared leaf table maps them in every address space. */
export const SystemVa = {
  syscallStub: USER_ADDRESS_LIMIT,
  gdt: USER_ADDRESS_LIMIT + 0x1000,
  tss: USER_ADDRESS_LIMIT + 0x2000,
  idt: USER_ADDRESS_LIMIT + 0x3000,
  exceptionStubs: USER_ADDRESS_LIMIT + 0x4000,
  /** The page below stays unmapped: a guard. */
  interruptStack: USER_ADDRESS_LIMIT + 0x6000,
  doorbell: USER_ADDRESS_LIMIT + 0x100000,
} as const;

/** The same for the annex (see annex.ts), where there is one: a program may read all of it, and write its state. */
export const AnnexVa = {
  code: USER_ADDRESS_LIMIT + 0x10000,
  state: USER_ADDRESS_LIMIT + 0x20000,
  /** The state's second page is the annex's stack. */
  stackTop: USER_ADDRESS_LIMIT + 0x22000,
  facts: USER_ADDRESS_LIMIT + 0x30000,
  content: USER_ADDRESS_LIMIT + 0x50000,
} as const;

/** Physical pages of the same. Page 0 stays unused so that 0 can mean "none". */
export const SystemPhysical = {
  syscallStub: 0x1000,
  gdt: 0x2000,
  tss: 0x3000,
  idt: 0x4000,
  exceptionStubs: 0x5000,
  interruptStack: 0x6000,
  table: 0x7000,
  annexCode: 0x10000,
  annexState: 0x12000,
  annexFacts: 0x18000,
  annexContent: 0x30000,
} as const;

/** Sizes of the annex's parts (see annex.ts). */
export const AnnexBytes = { code: 0x1000, state: 0x2000, facts: 0x17000, content: 0x40000 } as const;

/** The doorbell has an address but no memory: a store to it makes KVM exit. Above all guest memory, below 4 GiB. */
export const DOORBELL_PHYSICAL = 0xf0000000;
/** Exception stub `i` stores here plus 8 i; the system call stub stores to the doorbell itself. */
export const DOORBELL_EXCEPTIONS = 8;

/** Page tables live here; sparse megabytes, enough for about 2,000 small address spaces at once, or 150 as large as Python's. */
export const TABLE_ARENA_START = 0x80000;
export const TABLE_ARENA_END = 0x2000000;
/** Pages for the guest's data begin here. */
export const DATA_START = TABLE_ARENA_END;

/** Bounds of a machine's memory: the arena plus something to use; below the doorbell. */
export const MIN_MEMORY_BYTES = DATA_START + 0x100000;
export const MAX_MEMORY_BYTES = 0xe0000000;
