import { Segment, Sregs } from "./host/kvm-abi.ts";
import { SystemVa } from "./layout.ts";
import { GDT_LIMIT, IDT_LIMIT, Selector, TSS_LIMIT } from "./system-pages.ts";

/** CR0: PG, AM, WP, NE, ET, MP, PE, as Linux sets them. */
const CR0 = 0x80050033n;
/** CR4: PAE, OSFXSR, OSXMMEXCPT, FSGSBASE, OSXSAVE. */
const CR4 = 0x50620n;
const CR4_UMIP = 0x800n;
/** EFER: SCE, LME, LMA, NXE. */
const EFER = 0xd01n;

/** Segment types (Intel SDM vol. 3, 3.4.5.1): accessed code, accessed data, busy TSS. */
const CODE = 11;
const DATA = 3;
const BUSY_TSS = 11;

/** Fills `struct kvm_sregs` (as KVM gave it, for the fields left alone) with a user-mode machine's state. */
export function writeUserMode(sregs: DataView, umip: boolean): void {
  writeUserSegments(sregs);
  writeSystemSegment(sregs, Sregs.tr, Selector.tss, SystemVa.tss);
  sregs.setUint8(Sregs.ldt + Segment.unusable, 1);
  sregs.setUint8(Sregs.ldt + Segment.present, 0);
  sregs.setUint16(Sregs.ldt + Segment.selector, 0, true);
  writeTable(sregs, Sregs.gdt, SystemVa.gdt, GDT_LIMIT);
  writeTable(sregs, Sregs.idt, SystemVa.idt, IDT_LIMIT);
  sregs.setBigUint64(Sregs.cr0, CR0, true);
  sregs.setBigUint64(Sregs.cr4, umip ? CR4 | CR4_UMIP : CR4, true);
  sregs.setBigUint64(Sregs.efer, EFER, true);
}

/** All six segment registers as a fresh program has them, except the bases of FS and GS, which stay. */
export function writeUserSegments(sregs: DataView): void {
  writeRing3Entry(sregs);
  for (const segment of [Sregs.ds, Sregs.es]) {
    writeSegment(sregs, segment, Selector.userData, DATA, false);
    sregs.setBigUint64(segment + Segment.base, 0n, true);
  }
  for (const segment of [Sregs.fs, Sregs.gs]) writeSegment(sregs, segment, Selector.userData, DATA, false);
}

/** CS and SS for ring 3: what `iretq` would load on the way back from an exception. */
export function writeRing3Entry(sregs: DataView): void {
  writeSegment(sregs, Sregs.cs, Selector.userCode, CODE, true);
  writeSegment(sregs, Sregs.ss, Selector.userData, DATA, false);
  sregs.setBigUint64(Sregs.cs + Segment.base, 0n, true);
  sregs.setBigUint64(Sregs.ss + Segment.base, 0n, true);
}

function writeSegment(sregs: DataView, at: number, selector: number, type: number, longMode: boolean): void {
  sregs.setUint32(at + Segment.limit, 0xffffffff, true);
  sregs.setUint16(at + Segment.selector, selector, true);
  sregs.setUint8(at + Segment.type, type);
  sregs.setUint8(at + Segment.present, 1);
  sregs.setUint8(at + Segment.dpl, 3);
  sregs.setUint8(at + Segment.db, longMode ? 0 : 1);
  sregs.setUint8(at + Segment.s, 1);
  sregs.setUint8(at + Segment.l, longMode ? 1 : 0);
  sregs.setUint8(at + Segment.g, 1);
  sregs.setUint8(at + Segment.unusable, 0);
}

function writeSystemSegment(sregs: DataView, at: number, selector: number, base: number): void {
  sregs.setBigUint64(at + Segment.base, BigInt(base), true);
  sregs.setUint32(at + Segment.limit, TSS_LIMIT, true);
  sregs.setUint16(at + Segment.selector, selector, true);
  sregs.setUint8(at + Segment.type, BUSY_TSS);
  sregs.setUint8(at + Segment.present, 1);
  for (const flag of [Segment.dpl, Segment.db, Segment.s, Segment.l, Segment.g, Segment.unusable]) {
    sregs.setUint8(at + flag, 0);
  }
}

function writeTable(sregs: DataView, at: number, base: number, limit: number): void {
  sregs.setBigUint64(at, BigInt(base), true);
  sregs.setUint16(at + 8, limit, true);
}
