import { isInAnnex, isUnanswered, takeSavedRegisters } from "./annex.ts";
import { type Cpu, REGISTER_COUNT, Register, type Trap, Vector } from "./cpu.ts";
import { cpuFeatures } from "./cpu-features.ts";
import { type CpuState, Mode } from "./cpu-state.ts";
import { finishAccess } from "./finish-access.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { HeldExceptions } from "./held-exceptions.ts";
import { KvmVcpu, type KvmVm } from "./host/kvm.ts";
import {
  Exit,
  Msr,
  Request,
  Run,
  Segment,
  Sregs,
  SYNC_REGISTERS,
  SYNC_SYSTEM_REGISTERS,
  XSAVE_SIZE,
} from "./host/kvm-abi.ts";
import {
  CANONICAL_LIMIT,
  COMPAT_SYSCALL_TARGET,
  DOORBELL_EXCEPTIONS,
  DOORBELL_PHYSICAL,
  USER_ADDRESS_LIMIT,
} from "./layout.ts";
import type { CpuImage } from "./machine-image.ts";
import { addressAt, initialFpu, RFLAGS_FIXED, RFLAGS_USER, setAddress } from "./registers.ts";
import {
  exceptionStubEnd,
  Frame,
  frameRsp,
  pushesErrorCode,
  STAR,
  SYSCALL_ENTRY,
  SYSCALL_MASK,
  SYSCALL_STUB_END,
  type SyscallRing,
} from "./system-pages.ts";
import { SystemRegisters } from "./system-registers.ts";
import { exception, fatal, INTERRUPTED, SYSCALL } from "./trap-values.ts";

/** Indices of 32-bit halves in `registers32`. */
const RCX = 2 * Register.rcx;
const RSP = 2 * Register.rsp;
const R11 = 2 * Register.r11;
const RIP = 2 * Register.rip;
const RFLAGS = 2 * Register.rflags;

/** errno(3) */
const EINTR = 4;
const EAGAIN = 11;

/** The vector of a machine check: the host's trouble, not the program's (Intel SDM vol. 3, table 6-1). */
const MACHINE_CHECK = 18;
/** KVM_INTERNAL_ERROR_EMULATION (linux/kvm.h). */
const EMULATION_FAILED = 1;

const EXIT_REASON = Run.exitReason >> 2;
const MMIO_LOW = Run.union >> 2;
const MMIO_LENGTH = Run.mmioLength >> 2;
const DIRTY_REGISTERS = Run.dirtyRegisters >> 2;
const VALID_REGISTERS = Run.validRegisters >> 2;
/** Where the run page tells the ring of the guest's code. */
const RING = Run.systemRegisters + Sregs.cs + Segment.dpl;

/** Interruptions inside the system pages taken in a row before the CPU counts as stuck; each stub is one instruction long. */
const MAX_STUB_INTERRUPTIONS = 10_000;
/**
 * The same for the annex, whose answers take microseconds: a program that jumped into the middle of it may go round in circles.
 * At a timer's interval of 10 ms it is stopped after a fifth of a second.
 */
const MAX_ANNEX_INTERRUPTIONS = 20;

/** {@link Cpu} on KVM: one vCPU in ring 3 of a machine without a kernel. */
export class KvmCpu implements Cpu {
  registers: BigUint64Array<ArrayBuffer>;
  registers32: Uint32Array<ArrayBuffer>;
  readonly fpuBytes = XSAVE_SIZE;
  readonly xstateComponents: number;
  readonly initialFpu = initialFpu();
  readonly #memory: GuestMemory;
  readonly #vcpu: KvmVcpu;
  readonly #ring: SyscallRing;
  readonly #run32: Uint32Array<ArrayBuffer>;
  readonly #system: SystemRegisters;
  #mode: (typeof Mode)[keyof typeof Mode] = Mode.user;
  /** Registers as an interruption left them; handing back equal ones must not disturb a pending exception. */
  readonly #atInterruption = new Uint32Array(2 * REGISTER_COUNT);
  #interrupted = false;
  readonly #held: HeldExceptions;
  #exitCount = 0;
  #closed = false;

  constructor(vm: KvmVm, memory: GuestMemory, ring: SyscallRing) {
    const features = cpuFeatures();
    this.#memory = memory;
    this.#ring = ring;
    this.#vcpu = new KvmVcpu(vm, REGISTER_COUNT);
    this.#held = new HeldExceptions(this.#vcpu);
    this.registers = this.#vcpu.registers;
    this.registers32 = this.#vcpu.registers32;
    this.#run32 = this.#vcpu.run32;
    if (ring === 3) this.#run32[VALID_REGISTERS] = SYNC_REGISTERS | SYNC_SYSTEM_REGISTERS;
    this.#vcpu.transfer("KVM_SET_CPUID2", Request.setCpuid2, features.cpuid);
    this.xstateComponents = features.xcr0;
    this.#vcpu.setXcr0(features.xcr0);
    this.#vcpu.setMsrs([
      [Msr.star, STAR],
      [Msr.lstar, BigInt(SYSCALL_ENTRY)],
      [Msr.cstar, BigInt(COMPAT_SYSCALL_TARGET)],
      [Msr.syscallMask, SYSCALL_MASK],
      [Msr.sysenterCs, 0n],
    ]);
    this.#system = new SystemRegisters(this.#vcpu, features.umip);
    this.registers.fill(0n);
    this.writeFpu(this.initialFpu);
  }

  get exitCount(): number {
    return this.#exitCount;
  }

  get counterKhz(): number {
    return this.#vcpu.counterKhz();
  }

  /** The ring the guest is in: after a trap, before going on (for finding out how this host delivers `syscall`). */
  currentRing(): number {
    return this.#system.ring;
  }

  readSegmentBases(): { readonly fs: number; readonly gs: number } {
    return this.#system.readBases();
  }

  writeSegmentBases(fs: number, gs: number): void {
    this.#system.writeBases(fs, gs);
  }

  loadAddressSpace(rootPhysical: number): void {
    this.#system.root = rootPhysical;
  }

  readFpu(into: Uint8Array): void {
    this.#vcpu.transfer("KVM_GET_XSAVE", Request.getXsave, into);
  }

  writeFpu(from: Uint8Array): void {
    this.#vcpu.transfer("KVM_SET_XSAVE", Request.setXsave, from);
  }

  /** The state in the local copies, as {@link restore} takes it; call it before the next run. */
  capture(): CpuState {
    const fpu = new Uint8Array(this.fpuBytes);
    this.readFpu(fpu);
    return { registers: this.registers.slice(), fpu, system: this.#system.capture(cpuFeatures().umip) };
  }

  /**
   * Puts the CPU into a captured user-mode state and forgets what it was in the middle of: the next run starts in ring 3
   * with fresh segments and no pending exception. This is on the path of every rollback.
   */
  restore(state: CpuState): void {
    this.#held.cancel();
    this.registers.set(state.registers);
    this.writeFpu(state.fpu);
    this.#system.restore(state.system);
    this.#interrupted = false;
    this.#mode = Mode.user;
  }

  toImage(): CpuImage {
    const fpu = new Uint8Array(this.fpuBytes);
    this.readFpu(fpu);
    return {
      registers: Array.from(this.registers, (value) => `0x${value.toString(16)}`),
      fpu: Buffer.from(fpu).toString("base64"),
      ...this.readSegmentBases(),
      root: this.#system.root,
    };
  }

  run(): Trap {
    const trap = this.#runToTrap();
    if (trap.kind === "fatal") this.#held.possible = true;
    return trap;
  }

  #runToTrap(): Trap {
    const r = this.registers32;
    if ((r[RIP + 1] as number) >= CANONICAL_LIMIT / 2 ** 32) return exception(Vector.generalProtection, 0, 0);
    this.#memory.flushRevoked();
    this.#prepareEntry();
    for (let stubInterruptions = 0; stubInterruptions < MAX_STUB_INTERRUPTIONS; stubInterruptions++) {
      const errno = this.#vcpu.enter();
      this.#system.invalidate();
      if (errno === 0) {
        this.#exitCount++;
        return this.#decodeExit();
      }
      if (errno !== EINTR && errno !== EAGAIN) return fatal(`KVM_RUN failed with errno ${errno}`);
      if (stubInterruptions >= MAX_ANNEX_INTERRUPTIONS && this.#isAstrayInAnnex()) {
        this.#interruption();
        return exception(Vector.generalProtection, 0, 0);
      }
      if (this.#inSystemPages() || this.#held.onTheirWay()) continue;
      return this.currentRing() === 3 ? this.#interruption() : fatal("the guest runs its own code in ring 0");
    }
    return fatal("the CPU does not leave the system pages");
  }

  /** Brings the CPU to the user-mode state in `registers`. */
  #prepareEntry(): void {
    const r = this.registers32;
    const unchanged = this.#interrupted && this.#sameAsAtInterruption();
    if (this.#interrupted && !unchanged) this.#held.cancel();
    this.#interrupted = false;
    if (!unchanged) {
      r[RFLAGS] = ((r[RFLAGS] as number) & RFLAGS_USER) | RFLAGS_FIXED;
      r[RFLAGS + 1] = 0;
      this.#run32[DIRTY_REGISTERS] = SYNC_REGISTERS;
    }
    if (this.#mode === Mode.syscallStub && !this.#system.isDirty && this.#sysretIsExact()) {
      setAddress(r, RIP, SYSCALL_STUB_END);
    } else if (this.#mode !== Mode.user) {
      this.#system.leaveRing0();
    }
    this.#mode = Mode.user;
    this.#system.flush();
  }

  /** `sysretq` loads RIP from RCX and RFLAGS from R11, so it may do the return only when they agree. */
  #sysretIsExact(): boolean {
    const r = this.registers32;
    return r[RCX] === r[RIP] && r[RCX + 1] === r[RIP + 1] && r[R11] === r[RFLAGS] && r[R11 + 1] === 0;
  }

  #decodeExit(): Trap {
    const run = this.#run32;
    const reason = run[EXIT_REASON] as number;
    if (reason !== Exit.mmio) return this.#decodeFatal(reason);
    const offset = (run[MMIO_LOW] as number) - DOORBELL_PHYSICAL;
    // One-byte store: length 1, is_write 1. Anything else was not one of our stubs.
    if (run[MMIO_LENGTH] === 1 && this.#vcpu.run.getUint8(Run.mmioIsWrite) === 1 && run[MMIO_LOW + 1] === 0) {
      if (offset === 0 && addressAt(this.registers32, RIP) === SYSCALL_STUB_END) return this.#syscall();
      const vector = offset / DOORBELL_EXCEPTIONS - 1;
      if (vector >= 0 && vector < 32 && addressAt(this.registers32, RIP) === exceptionStubEnd(vector)) {
        return this.#exception(vector);
      }
    }
    // The program reached for the doorbell by hand. Linux has nothing there: it is a wild pointer.
    const isFinished = finishAccess(this.#vcpu);
    this.#system.invalidate();
    if (!isFinished) return fatal("the CPU does not finish an access to the doorbell");
    return exception(Vector.generalProtection, 0, 0);
  }

  #syscall(): Trap {
    const r = this.registers32;
    r[RIP] = r[RCX] as number;
    r[RIP + 1] = r[RCX + 1] as number;
    r[RFLAGS] = ((r[R11] as number) & RFLAGS_USER) | RFLAGS_FIXED;
    r[RFLAGS + 1] = 0;
    this.#mode = this.#modeAfterSyscall();
    return SYSCALL;
  }

  /**
   * A paravirtual KVM emulates a `syscall` now and then (after a change of address space, it seems), and then it lands in
   * ring 0 as on real hardware: going on as from ring 3 would let the program run in ring 0.
   */
  #modeAfterSyscall(): (typeof Mode)[keyof typeof Mode] {
    if (this.#ring === 0) return Mode.syscallStub;
    return this.#vcpu.run.getUint8(RING) === 3 ? Mode.user : Mode.ring0;
  }

  #exception(vector: number): Trap {
    const r = this.registers32;
    const words = this.#memory.words;
    const copy = (register: number, physical: number) => {
      r[register] = words[physical >>> 2] as number;
      r[register + 1] = words[(physical >>> 2) + 1] as number;
    };
    // An exception in ring 0 pushes elsewhere, or pushes a ring-0 CS: then nothing in the guest can be trusted any more.
    const fromRing3 = addressAt(r, RSP) === frameRsp(vector) && ((words[Frame.cs >>> 2] as number) & 3) === 3;
    if (!fromRing3) return fatal(`exception ${vector} in ring 0`);
    copy(RIP, Frame.rip);
    copy(RSP, Frame.rsp);
    copy(RFLAGS, Frame.rflags);
    this.#mode = Mode.ring0;
    if (vector === Vector.doubleFault || vector === MACHINE_CHECK) return fatal(`exception ${vector}`);
    const address = vector === Vector.pageFault ? this.#system.pageFaultAddress : 0;
    if (vector === Vector.pageFault && isUnanswered(addressAt(r, RIP), address)) return this.#unansweredCall();
    return exception(vector, pushesErrorCode(vector) ? (words[Frame.errorCode >>> 2] as number) : 0, address);
  }

  /** The host answers what the annex did not come to the end of. */
  #unansweredCall(): Trap {
    takeSavedRegisters(this.#memory, this.registers32);
    this.#syscall();
    this.#mode = Mode.ring0;
    return SYSCALL;
  }

  #isAstrayInAnnex(): boolean {
    return isInAnnex(addressAt(this.registers32, RIP)) && this.currentRing() === 3;
  }

  #decodeFatal(reason: number): Trap {
    if (reason === Exit.shutdown) return fatal("triple fault");
    if (reason === Exit.internalError) return this.#internalError(this.#run32[MMIO_LOW] as number);
    if (reason === Exit.failEntry) return fatal("the CPU refused the machine's state");
    return fatal(`unexpected KVM exit ${reason}`);
  }

  /** KVM cannot emulate every instruction; in ring 3 that means one aimed at the doorbell, which is a wild pointer. */
  #internalError(subError: number): Trap {
    const byProgram = subError === EMULATION_FAILED && !this.#inSystemPages() && this.currentRing() === 3;
    return byProgram ? exception(Vector.generalProtection, 0, 0) : fatal(`KVM internal error ${subError}`);
  }

  #interruption(): Trap {
    this.#interrupted = true;
    this.#held.possible = true;
    this.#atInterruption.set(this.registers32);
    return INTERRUPTED;
  }

  #sameAsAtInterruption(): boolean {
    const r = this.registers32;
    const before = this.#atInterruption;
    for (let i = 0; i < before.length; i++) if (r[i] !== before[i]) return false;
    return true;
  }

  #inSystemPages(): boolean {
    const rip = addressAt(this.registers32, RIP);
    return rip >= USER_ADDRESS_LIMIT && rip < CANONICAL_LIMIT;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.registers = new BigUint64Array(REGISTER_COUNT);
    this.registers32 = new Uint32Array(this.registers.buffer);
    this.#vcpu.close();
  }
}
