import { invariant } from "../../errors.ts";
import { PAGE_SIZE } from "../../vmm/index.ts";
import type { AssembledCode } from "./assembler.ts";
import { SYMBOLS } from "./code.ts";

/*
 * The vDSO as the dynamic loader finds it through AT_SYSINFO_EHDR: one page with an ELF shared object (elf(5)): headers,
 * dynamic section, symbols with the version LINUX_2.6 that libraries ask for (vdso(7)), and the code.
 */

const SONAME = "linux-vdso.so.1";
const VERSION = "LINUX_2.6";

const TEXT = 0x800;
const PROGRAM_HEADERS = 64;
const DYNAMIC = PROGRAM_HEADERS + 2 * 56;

/** Dynamic section tags (elf(5)). */
const Tag = {
  null: 0,
  hash: 4,
  stringTable: 5,
  symbolTable: 6,
  stringSize: 10,
  symbolSize: 11,
  soname: 14,
  versionSymbols: 0x6ffffff0,
  versions: 0x6ffffffc,
  versionCount: 0x6ffffffd,
} as const;
const DYNAMIC_ENTRIES = 10;

/** The hash of System V's ELF (gABI, "Hash Table"). */
function elfHash(name: string): number {
  let hash = 0;
  for (const character of name) {
    hash = ((hash << 4) + character.charCodeAt(0)) >>> 0;
    const top = hash & 0xf0000000;
    hash = (hash ^ (top >>> 24)) & ~top;
  }
  return hash >>> 0;
}

/** Null-terminated strings one after another; knows where each begins. */
class StringTable {
  text = "\0";
  add(name: string): number {
    const offset = this.text.length;
    this.text += `${name}\0`;
    return offset;
  }
}

/** The page with the shared object. */
export function vdsoImage(code: AssembledCode): Buffer {
  const page = Buffer.alloc(PAGE_SIZE);
  const strings = new StringTable();
  const soname = strings.add(SONAME);
  const version = strings.add(VERSION);
  const names = SYMBOLS.map((name) => strings.add(name));
  let at = DYNAMIC + 16 * DYNAMIC_ENTRIES;
  const place = (bytes: number): number => {
    const start = at;
    at = Math.ceil((at + bytes) / 8) * 8;
    return start;
  };
  const symbols = place(24 * (SYMBOLS.length + 1));
  const versionSymbols = place(2 * (SYMBOLS.length + 1));
  const versions = place(2 * 28);
  const hash = place(4 * (2 + 1 + SYMBOLS.length + 1));
  const stringTable = place(strings.text.length);
  invariant(at <= TEXT && TEXT + code.bytes.length <= PAGE_SIZE, "the vDSO fits its page");
  writeHeaders(page, code);
  writeDynamic(page, [
    [Tag.hash, hash],
    [Tag.stringTable, stringTable],
    [Tag.symbolTable, symbols],
    [Tag.stringSize, strings.text.length],
    [Tag.symbolSize, 24],
    [Tag.soname, soname],
    [Tag.versionSymbols, versionSymbols],
    [Tag.versions, versions],
    [Tag.versionCount, 2],
    [Tag.null, 0],
  ]);
  writeSymbols(page, symbols, names, code);
  SYMBOLS.forEach((_, i) => page.writeUInt16LE(2, versionSymbols + 2 * (i + 1)));
  writeVersion(page, versions, { flags: 1, index: 1, hash: elfHash(SONAME), name: soname, next: 28 });
  writeVersion(page, versions + 28, { flags: 0, index: 2, hash: elfHash(VERSION), name: version, next: 0 });
  writeHashTable(page, hash);
  page.write(strings.text, stringTable, "latin1");
  page.set(code.bytes, TEXT);
  return page;
}

function writeHeaders(page: Buffer, code: AssembledCode): void {
  page.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  page.writeUInt16LE(3, 16); // ET_DYN
  page.writeUInt16LE(62, 18); // EM_X86_64
  page.writeUInt32LE(1, 20);
  page.writeBigUInt64LE(BigInt(PROGRAM_HEADERS), 32);
  page.writeUInt16LE(64, 52);
  page.writeUInt16LE(56, 54);
  page.writeUInt16LE(2, 56);
  page.writeUInt16LE(64, 58);
  const size = TEXT + code.bytes.length;
  writeProgramHeader(page, PROGRAM_HEADERS, { type: 1, flags: 5, offset: 0, size, align: PAGE_SIZE });
  writeProgramHeader(page, PROGRAM_HEADERS + 56, {
    type: 2,
    flags: 4,
    offset: DYNAMIC,
    size: 16 * DYNAMIC_ENTRIES,
    align: 8,
  });
}

function writeProgramHeader(
  page: Buffer,
  at: number,
  header: { type: number; flags: number; offset: number; size: number; align: number },
): void {
  page.writeUInt32LE(header.type, at);
  page.writeUInt32LE(header.flags, at + 4);
  for (const field of [8, 16, 24]) page.writeBigUInt64LE(BigInt(header.offset), at + field);
  for (const field of [32, 40]) page.writeBigUInt64LE(BigInt(header.size), at + field);
  page.writeBigUInt64LE(BigInt(header.align), at + 48);
}

function writeDynamic(page: Buffer, entries: readonly (readonly [tag: number, value: number])[]): void {
  invariant(entries.length === DYNAMIC_ENTRIES, "the dynamic section has the size its header says");
  entries.forEach(([tag, value], i) => {
    page.writeBigUInt64LE(BigInt(tag), DYNAMIC + 16 * i);
    page.writeBigUInt64LE(BigInt(value), DYNAMIC + 16 * i + 8);
  });
}

/** Elf64_Sym; the first one is always empty. */
function writeSymbols(page: Buffer, table: number, names: readonly number[], code: AssembledCode): void {
  SYMBOLS.forEach((symbol, i) => {
    const at = table + 24 * (i + 1);
    page.writeUInt32LE(names[i] ?? 0, at);
    page[at + 4] = 0x12; // STB_GLOBAL, STT_FUNC
    page.writeUInt16LE(1, at + 6); // any section: defined here
    page.writeBigUInt64LE(BigInt(TEXT + (code.labels.get(symbol) ?? 0)), at + 8);
    page.writeBigUInt64LE(1n, at + 16);
  });
}

/** Elf64_Verdef with its one Elf64_Verdaux. */
function writeVersion(
  page: Buffer,
  at: number,
  version: { flags: number; index: number; hash: number; name: number; next: number },
): void {
  page.writeUInt16LE(1, at);
  page.writeUInt16LE(version.flags, at + 2);
  page.writeUInt16LE(version.index, at + 4);
  page.writeUInt16LE(1, at + 6);
  page.writeUInt32LE(version.hash, at + 8);
  page.writeUInt32LE(20, at + 12);
  page.writeUInt32LE(version.next, at + 16);
  page.writeUInt32LE(version.name, at + 20);
}

/** One bucket: every symbol is in one chain. */
function writeHashTable(page: Buffer, at: number): void {
  const count = SYMBOLS.length + 1;
  page.writeUInt32LE(1, at);
  page.writeUInt32LE(count, at + 4);
  page.writeUInt32LE(1, at + 8);
  for (let i = 1; i < count; i++) page.writeUInt32LE(i + 1 < count ? i + 1 : 0, at + 12 + 4 * i);
}

/** Offset of a label in the page. */
export function offsetOf(code: AssembledCode, name: string): number {
  return TEXT + (code.labels.get(name) ?? 0);
}
