import { ZtlError } from "../errors.ts";
import type { KvmVcpu } from "./host/kvm.ts";
import { Request, Segment, Sregs } from "./host/kvm-abi.ts";
import { stableBytes } from "./host/libc.ts";
import { CANONICAL_LIMIT } from "./layout.ts";
import { writeRing3Entry, writeUserMode } from "./segments.ts";

/**
 * Segments, control registers and tables of a vCPU, through a local copy: changes gather there and go to the CPU in one
 * call before it runs, and reading asks the CPU only once per exit.
 */
export class SystemRegisters {
  readonly #vcpu: KvmVcpu;
  readonly #bytes = stableBytes(Sregs.size);
  readonly #view = new DataView(this.#bytes.buffer);
  /** The local copy is what the CPU has. */
  #fresh = false;
  /** The local copy must go to the CPU before it runs. */
  #dirty = false;

  /** For a new vCPU, which starts in ring 3. */
  constructor(vcpu: KvmVcpu, umip: boolean) {
    this.#vcpu = vcpu;
    this.#refresh();
    writeUserMode(this.#view, umip);
    this.#dirty = true;
  }

  /** True when the next {@link flush} has something to do. */
  get isDirty(): boolean {
    return this.#dirty;
  }

  /** The CPU ran: the local copy says nothing any more. */
  invalidate(): void {
    this.#fresh = false;
  }

  /** Physical root of the page tables. */
  get root(): number {
    this.#refresh();
    return Number(this.#view.getBigUint64(Sregs.cr3, true));
  }

  set root(physical: number) {
    this.#refresh();
    this.#view.setBigUint64(Sregs.cr3, BigInt(physical), true);
    this.#dirty = true;
  }

  get pageFaultAddress(): number {
    this.#refresh();
    return Number(this.#view.getBigUint64(Sregs.cr2, true));
  }

  /** Ring the CPU is in. */
  get ring(): number {
    this.#refresh();
    return this.#view.getUint8(Sregs.cs + Segment.dpl);
  }

  /** Bases of FS and GS. Signed, so that one in the upper half (`wrfsbase` allows it) is exact as a double. */
  readBases(): { readonly fs: number; readonly gs: number } {
    this.#refresh();
    return { fs: this.#base(Sregs.fs), gs: this.#base(Sregs.gs) };
  }

  /** @throws ZtlError `bad-segment-base` */
  writeBases(fs: number, gs: number): void {
    this.#refresh();
    this.#view.setBigInt64(Sregs.fs + Segment.base, canonicalBase(fs), true);
    this.#view.setBigInt64(Sregs.gs + Segment.base, canonicalBase(gs), true);
    this.#dirty = true;
  }

  /** Back to ring 3, as `iretq` would: CS and SS only. */
  leaveRing0(): void {
    this.#refresh();
    writeRing3Entry(this.#view);
    this.#dirty = true;
  }

  /** The whole state, with all segments as a fresh program has them but the bases of FS and GS. */
  capture(umip: boolean): Uint8Array<ArrayBuffer> {
    this.#refresh();
    const copy = this.#bytes.slice();
    const view = new DataView(copy.buffer);
    writeUserMode(view, umip);
    view.setBigUint64(Sregs.cr2, 0n, true);
    return copy;
  }

  restore(captured: Uint8Array): void {
    this.#bytes.set(captured);
    this.#dirty = true;
  }

  /** Brings the CPU to the local copy. */
  flush(): void {
    if (!this.#dirty) return;
    this.#vcpu.transfer("KVM_SET_SREGS", Request.setSregs, this.#bytes);
    this.#dirty = false;
  }

  #refresh(): void {
    if (this.#fresh || this.#dirty) return;
    this.#vcpu.transfer("KVM_GET_SREGS", Request.getSregs, this.#bytes);
    this.#fresh = true;
  }

  #base(segment: number): number {
    return Number(this.#view.getBigInt64(segment + Segment.base, true));
  }
}

/** A non-canonical base would make KVM refuse the whole state; arch_prctl(2) answers EPERM before it gets here. */
function canonicalBase(base: number): bigint {
  if (base < -CANONICAL_LIMIT || base >= CANONICAL_LIMIT) {
    throw new ZtlError("bad-segment-base", `A segment base must be a canonical address, not ${base}.`, { base });
  }
  return BigInt(base);
}
