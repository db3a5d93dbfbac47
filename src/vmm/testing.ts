import { accessSync, closeSync, constants } from "node:fs";
import { type Cpu, Register, type Trap } from "./cpu.ts";
import { sealMemfd } from "./host/memfd.ts";
import { DATA_START } from "./layout.ts";
import { Machine } from "./machine.ts";
import type { MachineImage } from "./machine-image.ts";
import type { PageTables } from "./page-tables.ts";

/** For `{ skip: kvmMissing }`: false where machines can run, else a reason no one overlooks. */
export const kvmMissing: string | false = (() => {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return false;
  } catch {
    return "NOT TESTED: no usable /dev/kvm on this host, so nothing about virtual machines was checked";
  }
})();

export const TEST_MEMORY_BYTES = DATA_START + (16 << 20);
export const CODE = 0x400000;
export const DATA = 0x500000;

/** A machine with one page of code (read, execute) and one of data (read, write), RIP at the code. */
export interface TestGuest {
  readonly machine: Machine;
  readonly cpu: Cpu;
  readonly tables: PageTables;
  readonly codePage: number;
  readonly dataPage: number;
}

export function testGuest(code: readonly number[], memoryBytes = TEST_MEMORY_BYTES): TestGuest {
  const machine = Machine.create({ memoryBytes });
  const tables = machine.newAddressSpace();
  const codePage = machine.pages.allocate();
  const dataPage = machine.pages.allocate();
  tables.map(CODE, codePage, false, true);
  tables.map(DATA, dataPage, true, false);
  machine.memory.bytes.set(code, codePage);
  machine.memory.markWritten(codePage, code.length);
  machine.cpu.loadAddressSpace(tables.root);
  machine.cpu.registers[Register.rip] = BigInt(CODE);
  machine.cpu.registers[Register.rsp] = BigInt(DATA + 4096);
  return { machine, cpu: machine.cpu, tables, codePage, dataPage };
}

/** A sealed machine's image, and descriptor of its memory. */
export interface Sealed {
  readonly fd: number;
  readonly image: MachineImage;
}

/** Seals a guest where it stands and closes its machine. */
export function seal(guest: TestGuest): Sealed {
  const image = guest.machine.seal();
  const fd = guest.machine.memoryFd;
  guest.machine.close();
  sealMemfd(fd);
  return { fd, image };
}

/** A machine from an image, with its one address space. */
export function restore(sealed: Sealed): { machine: Machine; cpu: Cpu; tables: PageTables } {
  const machine = Machine.fromImage(sealed);
  return { machine, cpu: machine.cpu, tables: machine.addressSpace(sealed.image.cpu.root) };
}

/** Seals a guest standing at its first system call, hands a machine made from it to `check`, and cleans up. */
export function withRestored(
  code: readonly number[],
  prepare: (guest: TestGuest) => void,
  check: (guest: ReturnType<typeof restore>, sealed: Sealed) => void,
): void {
  const guest = testGuest(code);
  prepare(guest);
  const sealed = seal(guest);
  const restored = restore(sealed);
  try {
    check(restored, sealed);
  } finally {
    restored.machine.close();
    closeSync(sealed.fd);
  }
}

/** Runs code in a machine of its own and hands the first trap to `check`. */
export function withTrap(code: readonly number[], check: (trap: Trap, guest: TestGuest) => void): void {
  const guest = testGuest(code);
  try {
    check(guest.cpu.run(), guest);
  } finally {
    guest.machine.close();
  }
}

/** Machine code of a few instructions; operands are little-endian immediates. */
export const Code = {
  syscall: [0x0f, 0x05],
  ud2: [0x0f, 0x0b],
  jumpToSelf: [0xeb, 0xfe],
  movRax: (value: number) => [0x48, 0xb8, ...quad(value)],
  movRbx: (value: number) => [0x48, 0xbb, ...quad(value)],
  movRcx: (value: number) => [0x48, 0xb9, ...quad(value)],
  /** mov [rbx], al */
  storeByte: [0x88, 0x03],
  /** mov al, [rbx] */
  loadByte: [0x8a, 0x03],
  /** jmp rbx */
  jumpRbx: [0xff, 0xe3],
} as const;

export function quad(value: number): number[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => Math.floor(value / 256 ** i) % 256);
}
