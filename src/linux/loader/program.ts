import { type Machine, PAGE_SIZE } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { ARGUMENT_BYTES_MAX, ARGUMENT_STRING_MAX } from "../limits.ts";
import { AddressSpace, STACK_TOP } from "../memory/address-space.ts";
import type { PageCache } from "../memory/page-cache.ts";
import { pageCeil, pageFloor } from "../memory/page-math.ts";
import { type MappedFile, mappedFile, Protection } from "../memory/vma.ts";
import type { Vdso } from "../vdso/vdso.ts";
import { Access, type Credentials, FileType, type Location, mayAccess, type Vfs } from "../vfs/index.ts";
import { type ElfFile, parseElf, type Segment } from "./elf.ts";
import { parseShebang } from "./script.ts";

/** Where position-independent programs go without address randomisation, as under a debugger. */
const PROGRAM_BASE = 0x5555_5555_4000;
const LOADER_BASE = 0x7fff_b000_0000;
/** Scripts whose interpreter is a script, and so on: Linux gives up after this many (fs/exec.c). */
const INTERPRETER_DEPTH_MAX = 4;
/** Mapped at the start for arguments and first calls; more comes by growing. */
const STACK_START_BYTES = 128 * 1024;

/** Auxiliary vector entries (getauxval(3), linux/auxvec.h). */
const At = {
  null: 0,
  phdr: 3,
  phent: 4,
  phnum: 5,
  pageSize: 6,
  base: 7,
  flags: 8,
  entry: 9,
  uid: 11,
  euid: 12,
  gid: 13,
  egid: 14,
  platform: 15,
  hwcap: 16,
  clockTick: 17,
  sysinfoHeader: 33,
  secure: 23,
  random: 25,
  hwcap2: 26,
  execFile: 31,
  minSignalStack: 51,
} as const;
/** CPUID.1:EDX of any x86-64-v2 machine: what AT_HWCAP holds on x86. Programs ask CPUID itself for more. */
const HWCAP = 0x178bfbff;
/** HWCAP2_FSGSBASE (asm/hwcap2.h). */
const HWCAP2 = 2;
const CLOCK_TICKS_PER_SECOND = 100;
/** Signal frame with AVX-512 state, rounded up; see signals/frame.ts. */
const MIN_SIGNAL_STACK_BYTES = 3632;

export interface ProgramRequest {
  readonly location: Location;
  /** The name given to execve, for scripts and AT_EXECFN. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  readonly cwd: Location;
  readonly credentials: Credentials;
  readonly random: Uint8Array;
}

export interface LoadedProgram {
  readonly memory: AddressSpace;
  readonly entry: number;
  readonly stackPointer: number;
  readonly executable: Location;
  readonly argv: readonly string[];
}

export interface LoaderHost {
  readonly machine: Machine;
  readonly cache: PageCache;
  readonly vfs: Vfs;
  readonly vdso: Vdso;
}

/**
 * Builds the address space of a program (execve(2)): segments, dynamic loader, stack with arguments, environment and
 * auxiliary vector. Nothing of the caller changes; on failure (LinuxError) the new space is gone again.
 */
export function loadProgram(host: LoaderHost, request: ProgramRequest): LoadedProgram {
  const { location, argv, path } = resolveScripts(host.vfs, request);
  checkArguments(argv, request.environment);
  const elf = parseElf(location.inode);
  const memory = new AddressSpace(host.machine, host.cache);
  try {
    const bias = elf.relocatable ? PROGRAM_BASE - pageFloor(elf.segments[0].address) : 0;
    const end = mapSegments(memory, host.vfs, location, elf, bias);
    memory.heapStart = memory.heapEnd = pageCeil(end);
    const loader = elf.interpreter === undefined ? undefined : mapLoader(host, memory, elf.interpreter, request);
    const vdso = host.vdso.mapInto(memory);
    const stackPointer = buildStack(memory, { ...request, argv, path }, elf, {
      bias,
      loaderBase: loader?.base ?? 0,
      vdso,
    });
    return { memory, entry: loader?.entry ?? elf.entry + bias, stackPointer, executable: location, argv };
  } catch (error) {
    memory.release();
    throw error;
  }
}

function checkExecutable(location: Location, credentials: Credentials): void {
  if (location.inode.type !== FileType.regular) fail("EACCES");
  if (!mayAccess(location.inode.stat(), credentials, Access.execute)) fail("EACCES");
}

/** Follows `#!` lines to a binary, rewriting the arguments on the way. */
function resolveScripts(
  vfs: Vfs,
  request: ProgramRequest,
): { location: Location; argv: readonly string[]; path: string } {
  let { location, argv, path } = request;
  for (let depth = 0; ; depth++) {
    checkExecutable(location, request.credentials);
    const script = parseShebang(location.inode);
    if (!script) return { location, argv, path };
    if (depth === INTERPRETER_DEPTH_MAX) fail("ELOOP");
    argv = [script.interpreter, ...(script.argument === undefined ? [] : [script.argument]), path, ...argv.slice(1)];
    path = script.interpreter;
    location = vfs.resolve(request.cwd, path, { followLast: true, credentials: request.credentials });
  }
}

function checkArguments(argv: readonly string[], environment: readonly string[]): void {
  let total = 0;
  for (const text of [...argv, ...environment]) {
    if (text.length >= ARGUMENT_STRING_MAX) fail("E2BIG");
    total += text.length + 1 + 8;
  }
  if (total > ARGUMENT_BYTES_MAX) fail("E2BIG");
}

function mapLoader(
  host: LoaderHost,
  memory: AddressSpace,
  path: string,
  request: ProgramRequest,
): { base: number; entry: number } {
  const location = host.vfs.resolve(request.cwd, path, { followLast: true, credentials: request.credentials });
  checkExecutable(location, request.credentials);
  const elf = parseElf(location.inode);
  const base = LOADER_BASE - pageFloor(elf.segments[0].address);
  mapSegments(memory, host.vfs, location, elf, base);
  return { base, entry: elf.entry + base };
}

/** Maps all segments; returns the address behind the last. */
function mapSegments(memory: AddressSpace, vfs: Vfs, location: Location, elf: ElfFile, bias: number): number {
  const mapped = mappedFile(vfs, location);
  let end = 0;
  for (const segment of elf.segments) {
    mapSegment(memory, mapped, segment, bias);
    end = Math.max(end, segment.address + segment.memoryBytes + bias);
  }
  return end;
}

function mapSegment(memory: AddressSpace, mapped: MappedFile, segment: Segment, bias: number): void {
  const protection =
    (segment.readable ? Protection.read : 0) |
    (segment.writable ? Protection.write : 0) |
    (segment.executable ? Protection.execute : 0);
  const address = segment.address + bias;
  const start = pageFloor(address);
  const fileEnd = pageCeil(address + segment.fileBytes);
  const end = pageCeil(address + segment.memoryBytes);
  if (segment.fileBytes > 0) {
    const offset = segment.offset - (segment.address % PAGE_SIZE);
    memory.map({ start, end: fileEnd, protection, file: { mapped, offset } });
    const tail = address + segment.fileBytes;
    // The rest of the last page would show the file's next bytes; the program expects zeros there (its .bss).
    if (segment.writable && segment.memoryBytes > segment.fileBytes && tail < fileEnd)
      memory.user.write(tail, Buffer.alloc(fileEnd - tail));
  }
  const anonymousStart = segment.fileBytes > 0 ? fileEnd : start;
  if (end > anonymousStart) memory.map({ start: anonymousStart, end, protection });
}

/** Lays out the initial stack (System V AMD64 ABI, 3.4.1) and returns the stack pointer. */
function buildStack(
  memory: AddressSpace,
  request: ProgramRequest,
  elf: ElfFile,
  places: { readonly bias: number; readonly loaderBase: number; readonly vdso: number },
): number {
  const { argv, environment, credentials } = request;
  const { bias, loaderBase, vdso } = places;
  const strings = stackStrings(argv, environment);
  const reserved = pageCeil(strings.length + (argv.length + environment.length + 64) * 8 + 4096);
  memory.map({
    start: STACK_TOP - Math.max(reserved, STACK_START_BYTES),
    end: STACK_TOP,
    protection: Protection.read | Protection.write,
    growsDown: true,
    lazy: true,
    name: "[stack]",
  });
  const extra = Buffer.concat([Buffer.from(`${request.path}\0x86_64\0`, "latin1")]);
  const extraAt = STACK_TOP - 8 - extra.length;
  const stringsAt = extraAt - strings.length;
  const randomAt = Math.floor((stringsAt - 16) / 16) * 16;
  memory.user.write(extraAt, extra);
  memory.user.write(stringsAt, strings);
  memory.user.write(randomAt, request.random);
  const auxiliary: readonly (readonly [number, number])[] = [
    [At.phdr, elf.headersAddress === 0 ? 0 : elf.headersAddress + bias],
    [At.phent, 56],
    [At.phnum, elf.headerCount],
    [At.pageSize, PAGE_SIZE],
    [At.base, loaderBase],
    [At.flags, 0],
    [At.entry, elf.entry + bias],
    [At.uid, credentials.uid],
    [At.euid, credentials.uid],
    [At.gid, credentials.gid],
    [At.egid, credentials.gid],
    [At.secure, 0],
    [At.random, randomAt],
    [At.hwcap, HWCAP],
    [At.hwcap2, HWCAP2],
    [At.clockTick, CLOCK_TICKS_PER_SECOND],
    [At.sysinfoHeader, vdso],
    [At.platform, extraAt + request.path.length + 1],
    [At.execFile, extraAt],
    [At.minSignalStack, MIN_SIGNAL_STACK_BYTES],
    [At.null, 0],
  ];
  const pointers: number[] = [argv.length];
  let at = stringsAt;
  for (const text of argv) at = push(pointers, at, text);
  const argumentsEnd = at;
  pointers.push(0);
  for (const text of environment) at = push(pointers, at, text);
  pointers.push(0);
  for (const [key, value] of auxiliary) pointers.push(key, value);
  memory.arguments = { start: stringsAt, end: argumentsEnd, environmentEnd: at };
  const stackPointer = Math.floor((randomAt - pointers.length * 8) / 16) * 16;
  const table = Buffer.alloc(pointers.length * 8);
  pointers.forEach((value, i) => {
    table.writeUInt32LE(value >>> 0, 8 * i);
    table.writeUInt32LE(Math.floor(value / 0x1_0000_0000), 8 * i + 4);
  });
  memory.user.write(stackPointer, table);
  return stackPointer;
}

function push(pointers: number[], at: number, text: string): number {
  pointers.push(at);
  return at + text.length + 1;
}

function stackStrings(argv: readonly string[], environment: readonly string[]): Buffer {
  const all = [...argv, ...environment];
  return Buffer.from(all.length === 0 ? "" : `${all.join("\0")}\0`, "latin1");
}
