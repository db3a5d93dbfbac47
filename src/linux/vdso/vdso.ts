import { invariant } from "../../errors.ts";
import { type Machine, PAGE_SIZE, Register } from "../../vmm/index.ts";
import type { AddressSpace } from "../memory/address-space.ts";
import { STACK_TOP } from "../memory/address-space.ts";
import { Protection } from "../memory/vma.ts";
import type { Calibration } from "./calibration.ts";
import { CALIBRATE, DataPage, vdsoCode } from "./code.ts";
import { offsetOf, vdsoImage } from "./image.ts";

/** Above the stack, where nothing else is put by itself. */
export const VDSO_ADDRESS = STACK_TOP + 0x20_0000;
const DATA_ADDRESS = VDSO_ADDRESS - PAGE_SIZE;

const code = vdsoCode(DATA_ADDRESS);
const image = vdsoImage(code);

/** The vDSO's two pages in a template: physical addresses. */
export interface VdsoImage {
  readonly codePage: number;
  readonly dataPage: number;
}

/** The vDSO of one machine: a page of code and a page of clock data, mapped read-only into every process. */
export class Vdso {
  readonly #machine: Machine;
  readonly pages: VdsoImage;

  /** Makes the pages, or takes those of a template. */
  constructor(machine: Machine, pages?: VdsoImage) {
    this.#machine = machine;
    this.pages = pages ?? { codePage: machine.pages.allocate(), dataPage: machine.pages.allocate() };
    if (pages) return;
    machine.memory.bytes.set(image, this.pages.codePage);
    machine.memory.markWritten(this.pages.codePage, PAGE_SIZE);
  }

  /** Maps both pages; the address is for AT_SYSINFO_EHDR. */
  mapInto(memory: AddressSpace): number {
    const { codePage, dataPage } = this.pages;
    memory.mapPage({ start: DATA_ADDRESS, end: VDSO_ADDRESS, protection: Protection.read, name: "[vvar]" }, dataPage);
    memory.mapPage(
      {
        start: VDSO_ADDRESS,
        end: VDSO_ADDRESS + PAGE_SIZE,
        protection: Protection.read | Protection.execute,
        name: "[vdso]",
      },
      codePage,
    );
    return VDSO_ADDRESS;
  }

  /** Lets the guest read clocks by itself; without it, or with undefined, each reading is a system call. */
  publish(calibration: Calibration | undefined, realtimeOffsetNs: bigint): void {
    const { memory } = this.#machine;
    const { dataPage } = this.pages;
    const set = (offset: number, value: bigint): void =>
      memory.view.setBigUint64(dataPage + offset, BigInt.asUintN(64, value), true);
    set(DataPage.baseCounter, calibration?.baseCounter ?? 0n);
    set(DataPage.factor, calibration?.factor ?? 0n);
    set(DataPage.baseMonotonic, calibration?.baseMonotonicNs ?? 0n);
    set(DataPage.realtimeOffset, realtimeOffsetNs);
    set(DataPage.distanceMax, calibration?.distanceMax ?? 0n);
    memory.markWritten(dataPage, PAGE_SIZE);
  }
}

/** Tries at a reading that was interrupted. */
const TRIES = 3;

/**
 * Has a machine read its counter: the host cannot, since a guest's counter has an offset of its own. Uses an address space
 * made for it; registers and current address space are lost, so the caller rolls the machine back.
 * @param codePage physical page with the vDSO's code, which no guest can have written
 */
export function readCounter(
  machine: Machine,
  codePage: number,
): { readonly counter: bigint; readonly beforeNs: bigint; readonly afterNs: bigint } {
  const space = machine.newAddressSpace();
  const { cpu } = machine;
  space.map(VDSO_ADDRESS, codePage, false, true);
  cpu.loadAddressSpace(space.root);
  // The first round fills caches and translations; the last is measured.
  for (let round = 0; ; round++) {
    cpu.registers.fill(0n);
    cpu.registers[Register.rip] = BigInt(VDSO_ADDRESS + offsetOf(code, CALIBRATE));
    cpu.registers[Register.rflags] = 0x202n;
    const beforeNs = process.hrtime.bigint();
    const trap = cpu.run();
    const afterNs = process.hrtime.bigint();
    invariant(
      trap.kind === "syscall" || (trap.kind === "interrupted" && round < TRIES),
      "the calibration code runs to its system call",
    );
    if (trap.kind !== "syscall" || round === 0) continue;
    const counter = cpu.registers[Register.rax] ?? 0n;
    machine.releaseAddressSpace(space);
    return { counter, beforeNs, afterNs };
  }
}
