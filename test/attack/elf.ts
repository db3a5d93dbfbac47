/** Small static ELF programs made byte by byte, so that attacks need no compiler and depend on none. */

export const CODE_ADDRESS = 0x40_0000;
export const DATA_ADDRESS = 0x60_0000;
/** Room for hostile structures, and what the data segment has behind its bytes. */
export const DATA_BYTES = 0x1_0000;

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;

interface SegmentSpec {
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

function programHeader(segment: SegmentSpec): Buffer {
  const bytes = Buffer.alloc(PROGRAM_HEADER_BYTES);
  bytes.writeUInt32LE(1, 0); // PT_LOAD (elf.h)
  bytes.writeUInt32LE(segment.flags, 4);
  bytes.writeBigUInt64LE(BigInt(segment.offset), 8);
  bytes.writeBigUInt64LE(BigInt(segment.address), 16);
  bytes.writeBigUInt64LE(BigInt(segment.address), 24);
  bytes.writeBigUInt64LE(BigInt(segment.fileBytes), 32);
  bytes.writeBigUInt64LE(BigInt(segment.memoryBytes), 40);
  bytes.writeBigUInt64LE(4096n, 48);
  return bytes;
}

/** A program of one executable segment (`code`, entered at its first byte) and one writable one that starts with `data`. */
export function staticElf(code: Uint8Array, data: Uint8Array = new Uint8Array(16), codeFlags = 5): Buffer {
  const codeOffset = 4096;
  const dataOffset = codeOffset + Math.ceil(code.length / 4096) * 4096;
  const headers = [
    { flags: codeFlags, offset: codeOffset, address: CODE_ADDRESS, fileBytes: code.length, memoryBytes: code.length },
    { flags: 6, offset: dataOffset, address: DATA_ADDRESS, fileBytes: data.length, memoryBytes: DATA_BYTES },
  ].map(programHeader);
  const file = Buffer.alloc(dataOffset + data.length);
  Buffer.from("7f454c46020101", "hex").copy(file);
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(62, 18); // EM_X86_64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(CODE_ADDRESS), 24);
  file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  file.writeUInt16LE(HEADER_BYTES, 52);
  file.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  file.writeUInt16LE(headers.length, 56);
  headers.forEach((header, index) => header.copy(file, HEADER_BYTES + index * PROGRAM_HEADER_BYTES));
  file.set(code, codeOffset);
  file.set(data, dataOffset);
  return file;
}

/** `mov r64, imm64` opcodes in the order of a system call's registers: RAX, then RDI RSI RDX R10 R8 R9. */
const MOV_IMMEDIATE = ["48b8", "48bf", "48be", "48ba", "49ba", "49b8", "49b9"].map((hex) => Buffer.from(hex, "hex"));

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

/** Machine code that makes one system call: its number, then up to six arguments. */
export function syscall(...values: readonly (bigint | number)[]): Buffer {
  const moves = values.map((value, index) => Buffer.concat([MOV_IMMEDIATE[index] as Buffer, u64(BigInt(value))]));
  return Buffer.concat([...moves, Buffer.from("0f05", "hex")]);
}

/** Machine code from hexadecimal text; spaces are for the reader. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s+/g, ""), "hex");
}

/** exit_group(code). */
export function exitGroup(code: number): Buffer {
  return syscall(231, code);
}
