/** Numbers and offsets of the KVM interface for x86-64 (linux/kvm.h, asm/kvm.h). */

/** Requests of ioctl(2) on /dev/kvm, a VM and a vCPU. */
export const Request = {
  getApiVersion: 0xae00,
  createVm: 0xae01,
  checkExtension: 0xae03,
  getVcpuMmapSize: 0xae04,
  getSupportedCpuid: 0xc008ae05,
  createVcpu: 0xae41,
  getDirtyLog: 0x4010ae42,
  setNrMmuPages: 0xae44,
  setUserMemoryRegion: 0x4020ae46,
  setTssAddress: 0xae47,
  enableCapability: 0x4068aea3,
  run: 0xae80,
  getSregs: 0x8138ae83,
  setSregs: 0x4138ae84,
  setMsrs: 0x4008ae89,
  setCpuid2: 0x4008ae90,
  getVcpuEvents: 0x8040ae9f,
  setVcpuEvents: 0x4040aea0,
  getXsave: 0x9000aea4,
  setXsave: 0x5000aea5,
  setXcrs: 0x4188aea7,
  getTscKhz: 0xaea3,
} as const;

/** The API version every kernel since 2.6.22 reports; anything else is not the interface described here. */
export const API_VERSION = 12;

/** KVM_CAP_* numbers this package depends on. */
export const Capability = {
  userMemory: 3,
  extendedCpuid: 7,
  syncMmu: 16,
  vcpuEvents: 41,
  xsave: 55,
  xcrs: 56,
  syncRegisters: 74,
  immediateExit: 136,
  manualDirtyLogProtect2: 168,
} as const;

/** KVM_EXIT_* reasons. */
export const Exit = {
  io: 2,
  hypercall: 3,
  debug: 4,
  hlt: 5,
  mmio: 6,
  shutdown: 8,
  failEntry: 9,
  internalError: 17,
} as const;

/** `struct kvm_run`. */
export const Run = {
  immediateExit: 1,
  exitReason: 8,
  /** Physical address of an MMIO access; also the sub-error of an internal error. */
  union: 32,
  mmioData: 40,
  mmioLength: 48,
  mmioIsWrite: 52,
  validRegisters: 288,
  dirtyRegisters: 296,
  registers: 304,
  /** Behind `struct kvm_regs`; filled only with {@link SYNC_SYSTEM_REGISTERS}. */
  systemRegisters: 304 + 144,
} as const;

/** KVM_SYNC_X86_REGS. */
export const SYNC_REGISTERS = 1;
/** KVM_SYNC_X86_SREGS. */
export const SYNC_SYSTEM_REGISTERS = 2;

/** KVM_MEM_LOG_DIRTY_PAGES. */
export const MEMORY_LOG_DIRTY = 1;

/** `struct kvm_sregs`: eight segments, two tables, control registers. */
export const Sregs = {
  size: 312,
  cs: 0,
  ds: 24,
  es: 48,
  fs: 72,
  gs: 96,
  ss: 120,
  tr: 144,
  ldt: 168,
  gdt: 192,
  idt: 208,
  cr0: 224,
  cr2: 232,
  cr3: 240,
  cr4: 248,
  cr8: 256,
  efer: 264,
  apicBase: 272,
  interruptBitmap: 280,
} as const;

/** `struct kvm_segment`. */
export const Segment = {
  size: 24,
  base: 0,
  limit: 8,
  selector: 12,
  type: 14,
  present: 15,
  dpl: 16,
  db: 17,
  s: 18,
  l: 19,
  g: 20,
  unusable: 22,
} as const;

/** `struct kvm_vcpu_events`: only the exception part is ever used here, since the VM has no interrupt source. */
export const Events = { size: 64, exceptionInjected: 0, exceptionPending: 3 } as const;

/** Size of `struct kvm_xsave`, `struct kvm_xcrs`. */
export const XSAVE_SIZE = 4096;
export const XCRS_SIZE = 0x188;

/** MSR numbers (asm/msr-index.h). */
export const Msr = {
  sysenterCs: 0x174,
  star: 0xc0000081,
  lstar: 0xc0000082,
  cstar: 0xc0000083,
  syscallMask: 0xc0000084,
} as const;
