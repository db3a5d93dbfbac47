import assert from "node:assert/strict";
import { LinuxError } from "../../src/linux/errno.ts";
import { type ElfFile, parseElf } from "../../src/linux/loader/elf.ts";
import { FixedFile } from "../../src/linux/vfs/fixed.ts";
import { exitGroup, staticElf } from "../../test/attack/elf.ts";
import type { Fuzzer } from "../fuzzer.ts";
import { mutated } from "../mutation.ts";

/** elf.h, Elf64_Ehdr and Elf64_Phdr: where the numbers are that a loader believes. */
const NUMBERS = [
  16,
  18,
  24,
  32,
  54,
  56,
  ...[64, 120].flatMap((header) => [0, 4, 8, 16, 32, 40, 48].map((n) => header + n)),
];
/** Both headers and a little more: nothing behind them is parsed. */
const HEAD_BYTES = 256;
/** Below the upper half of the address space (Intel SDM vol. 1, 3.3.7.1). */
const ADDRESS_LIMIT = 0x7fff_0000_0000;

const sample = staticElf(exitGroup(0)).subarray(0, HEAD_BYTES);
const dynamic = withInterpreter(sample);

/** The sample as a program of a dynamic loader. */
function withInterpreter(program: Uint8Array): Buffer {
  const bytes = Buffer.from(program);
  bytes.writeUInt16LE(3, 16); // ET_DYN
  bytes.writeUInt32LE(3, 64); // PT_INTERP
  bytes.writeBigUInt64LE(200n, 64 + 8);
  bytes.writeBigUInt64LE(6n, 64 + 32);
  bytes.write("/ld.s\0", 200);
  return bytes;
}

/** What the rest of the loader relies on without looking again. */
function checkSound({ segments, entry, headerCount, interpreter }: ElfFile): void {
  assert.ok(segments.length > 0 && headerCount > 0 && entry >= 0);
  let end = 0;
  for (const { address, offset, fileBytes, memoryBytes } of segments) {
    assert.ok(
      Number.isSafeInteger(address) && Number.isSafeInteger(offset) && address >= end,
      "overlaps or out of order",
    );
    assert.ok(fileBytes <= memoryBytes && address + memoryBytes < ADDRESS_LIMIT, "beyond the address space");
    end = address + memoryBytes;
  }
  assert.ok(interpreter === undefined || (interpreter !== "" && !interpreter.includes("\0")));
}

export const fuzzer: Fuzzer = {
  what: "the ELF reader, with programs whose headers were changed",
  make: (random) => {
    const bytes = mutated(random, [sample, dynamic]);
    const at = random.pick(NUMBERS);
    if (random.below(2) === 0 && at + 8 <= bytes.length)
      bytes.writeBigUInt64LE(random.u64() >> BigInt(random.below(64)), at);
    return bytes;
  },
  check: (input) => {
    let program: ElfFile;
    try {
      program = parseElf(new FixedFile(input, 0o755));
    } catch (error) {
      assert.ok(error instanceof LinuxError && error.name === "ENOEXEC", String(error));
      return;
    }
    checkSound(program);
  },
};
