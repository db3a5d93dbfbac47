/**
 * The seam between the micro-VM and whatever executes guest instructions: KVM today, an emulated CPU on hosts without it.
 * Nothing above this file knows which one it is.
 */

/** Index of each register in {@link Cpu.registers}; the order of `struct kvm_regs` (linux/kvm.h). */
export const Register = {
  rax: 0,
  rbx: 1,
  rcx: 2,
  rdx: 3,
  rsi: 4,
  rdi: 5,
  rsp: 6,
  rbp: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
  rip: 16,
  rflags: 17,
} as const;

export const REGISTER_COUNT = 18;

/** x86 exception vectors the personality turns into signals or page-ins (Intel SDM vol. 3, table 6-1). */
export const Vector = {
  divideError: 0,
  debug: 1,
  breakpoint: 3,
  overflow: 4,
  boundRange: 5,
  invalidOpcode: 6,
  deviceNotAvailable: 7,
  doubleFault: 8,
  invalidTss: 10,
  segmentNotPresent: 11,
  stackFault: 12,
  generalProtection: 13,
  pageFault: 14,
  x87: 16,
  alignmentCheck: 17,
  simd: 19,
} as const;

/** Why the guest stopped. Registers then hold the user-mode state from which {@link Cpu.run} goes on. */
export type Trap =
  /** A `syscall` instruction. RAX is the number, RIP already the return address; RCX and R11 are clobbered as on Linux. */
  | { readonly kind: "syscall" }
  /** An exception in user mode; RIP is at the faulting instruction (after it for `int3`). */
  | {
      readonly kind: "exception";
      readonly vector: number;
      readonly errorCode: number;
      /** CR2; meaningful for page faults only. */
      readonly address: number;
    }
  /** A preemption signal arrived ({@link Cpu.run} was interrupted); nothing happened in the guest. */
  | { readonly kind: "interrupted" }
  /** The virtual CPU is beyond repair: the run ends. */
  | { readonly kind: "fatal"; readonly reason: string };

export interface Cpu {
  /** User-mode registers of the stopped guest, live: what is written here is what the guest goes on with. */
  readonly registers: BigUint64Array<ArrayBuffer>;
  /** The same memory as 32-bit halves (low half of register i at 2 i): reads without BigInt. */
  readonly registers32: Uint32Array<ArrayBuffer>;
  /** Base of FS/GS as the guest last had it; reading asks the CPU, since `wrfsbase` needs no exit. */
  readSegmentBases(): { readonly fs: number; readonly gs: number };
  writeSegmentBases(fs: number, gs: number): void;
  /** Makes the page-table tree at this physical root (CR3) current. */
  loadAddressSpace(rootPhysical: number): void;
  /** Runs the guest until it stops. */
  run(): Trap;
  /** Size in bytes of an FPU image. */
  readonly fpuBytes: number;
  /** The components of such an image that there are (the bits of XCR0); a CPU refuses an image with others. */
  readonly xstateComponents: number;
  /** Copies the whole FPU/vector state (XSAVE standard format) out; `into` has {@link fpuBytes} bytes. */
  readFpu(into: Uint8Array): void;
  writeFpu(from: Uint8Array): void;
  /** The FPU image a new program starts with (Linux: FNINIT state, MXCSR 0x1f80). */
  readonly initialFpu: Uint8Array;
  /** Frequency of the guest's time-stamp counter (RDTSC) in kHz; 0 when the host does not tell. */
  readonly counterKhz: number;
  /** Exits of the guest's own making since the CPU was made, for diagnostics: interruptions, which depend on the time it takes, are none. */
  readonly exitCount: number;
  close(): void;
}
