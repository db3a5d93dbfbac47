import { PAGE_SIZE } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { PATH_MAX } from "../limits.ts";
import type { Inode } from "../vfs/index.ts";

/** A PT_LOAD segment (elf(5), Elf64_Phdr). */
export interface Segment {
  readonly address: number;
  readonly offset: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

export interface ElfFile {
  /** True for ET_DYN: position independent, loaded wherever the loader likes. */
  readonly relocatable: boolean;
  readonly entry: number;
  readonly segments: readonly Segment[];
  /** Address of the program headers in memory, unrelocated; 0 when no segment holds them. */
  readonly headersAddress: number;
  readonly headerCount: number;
  /** Path of the dynamic loader, for programs that name one. */
  readonly interpreter: string | undefined;
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
/** Linux takes program headers up to one page (fs/binfmt_elf.c limits them to 64 KiB; no real program comes near). */
const PROGRAM_HEADERS_MAX = 73;
const ET_EXEC = 2;
const ET_DYN = 3;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_INTERP = 3;
/** Segments may not reach the upper half (Intel SDM vol. 1, 3.3.7.1). */
const ADDRESS_LIMIT = 0x7fff_0000_0000;

/** Reads exactly `length` bytes, or ENOEXEC: the file ends before what its headers promise. */
function readExactly(inode: Inode, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const count = inode.read(bytes.subarray(done), offset + done);
    if (count === 0) fail("ENOEXEC");
    done += count;
  }
  return bytes;
}

/** A 64-bit field that must be a plain small number; anything else is not a program. */
function field(bytes: Buffer, offset: number): number {
  const value = bytes.readBigUInt64LE(offset);
  return value < BigInt(ADDRESS_LIMIT) ? Number(value) : fail("ENOEXEC");
}

/** Parses and checks an ELF file's headers: ENOEXEC for anything but a sound x86-64 program. */
export function parseElf(inode: Inode): ElfFile {
  const header = readExactly(inode, 0, HEADER_BYTES);
  const magic = header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
  const type = header.readUInt16LE(16);
  const count = header.readUInt16LE(56);
  if (!magic || header.readUInt16LE(18) !== EM_X86_64 || (type !== ET_EXEC && type !== ET_DYN)) fail("ENOEXEC");
  if (header.readUInt16LE(54) !== PROGRAM_HEADER_BYTES || count === 0 || count > PROGRAM_HEADERS_MAX) fail("ENOEXEC");
  const headersOffset = field(header, 32);
  const headers = readExactly(inode, headersOffset, count * PROGRAM_HEADER_BYTES);
  const segments: Segment[] = [];
  let interpreter: string | undefined;
  for (let at = 0; at < headers.length; at += PROGRAM_HEADER_BYTES) {
    const kind = headers.readUInt32LE(at);
    if (kind === PT_LOAD) segments.push(parseSegment(headers, at));
    if (kind === PT_INTERP) interpreter = parseInterpreter(inode, headers, at);
  }
  checkOrder(segments);
  const holder = segments.find(
    (s) => s.offset <= headersOffset && headersOffset + headers.length <= s.offset + s.fileBytes,
  );
  return {
    relocatable: type === ET_DYN,
    entry: field(header, 24),
    segments,
    headersAddress: holder ? holder.address + headersOffset - holder.offset : 0,
    headerCount: count,
    interpreter,
  };
}

function parseSegment(headers: Buffer, at: number): Segment {
  const flags = headers.readUInt32LE(at + 4);
  const segment = {
    offset: field(headers, at + 8),
    address: field(headers, at + 16),
    fileBytes: field(headers, at + 32),
    memoryBytes: field(headers, at + 40),
    executable: (flags & 1) !== 0,
    writable: (flags & 2) !== 0,
    readable: (flags & 4) !== 0,
  };
  const aligned = segment.offset % PAGE_SIZE === segment.address % PAGE_SIZE;
  const fits = segment.address + segment.memoryBytes < ADDRESS_LIMIT;
  if (!aligned || !fits || segment.fileBytes > segment.memoryBytes) fail("ENOEXEC");
  return segment;
}

function parseInterpreter(inode: Inode, headers: Buffer, at: number): string {
  const length = field(headers, at + 32);
  if (length < 2 || length > PATH_MAX) fail("ENOEXEC");
  const bytes = readExactly(inode, field(headers, at + 8), length);
  const end = bytes.indexOf(0);
  return end === length - 1 ? bytes.toString("latin1", 0, end) : fail("ENOEXEC");
}

function checkOrder(segments: readonly Segment[]): void {
  if (segments.length === 0) fail("ENOEXEC");
  for (let i = 1; i < segments.length; i++) {
    const previous = segments[i - 1];
    if (segments[i].address < previous.address + previous.memoryBytes) fail("ENOEXEC");
  }
}
