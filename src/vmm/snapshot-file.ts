import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from "node:fs";
import { sha256, sha256Stream } from "../base/sha256.ts";
import { ZtlError } from "../errors.ts";
import { memfdCreate, sealMemfd } from "./host/memfd.ts";
import { PAGE_SIZE } from "./layout.ts";
import { assertCompatible, type MachineImage } from "./machine-image.ts";

/*
 * A snapshot on disk: magic, length of the manifest, SHA-256 of the manifest, the manifest (JSON), then the pages that are
 * not zero, one after the other in the order of the manifest's runs.
 */
const MAGIC = Buffer.from("ZTLSNAP1");
const HEADER_BYTES = MAGIC.length + 4 + 32;
/** Far above any real manifest (tens of kilobytes); keeps a broken length from becoming a huge allocation. */
const MAX_MANIFEST_BYTES = 64 << 20;
const CHUNK_BYTES = 1 << 20;
const ZERO_PAGE = Buffer.alloc(PAGE_SIZE);

interface Manifest {
  readonly image: MachineImage;
  /** Runs of pages that are not all zero: first page, number of pages. */
  readonly runs: readonly (readonly [first: number, count: number])[];
  /** SHA-256 over the pages of all runs. */
  readonly sha256: string;
}

/** Writes a snapshot, readable by its owner only; the file appears under its name complete or not at all. */
export function saveImage(path: string, fd: number, image: MachineImage): void {
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeImage(file, fd, image);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Writes a snapshot to an open, empty file, and waits until it is on the disk. @param fd the machine's memory. */
export function writeImage(file: number, fd: number, image: MachineImage): void {
  const manifest = describe(fd, image);
  const json = Buffer.from(JSON.stringify(manifest));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  for (const part of [MAGIC, length, sha256(json), json]) writeAll(file, part);
  forEachChunk(manifest.runs, (chunk, position) => {
    readAll(fd, chunk, position);
    writeAll(file, chunk);
  });
  fsyncSync(file);
}

/**
 * Reads a snapshot into a sealed memfd, after checking that it is ours, whole and made for this host.
 * @throws ZtlError `snapshot-missing`, `snapshot-untrusted`, `snapshot-corrupt`, `snapshot-incompatible`
 */
export function loadImage(path: string): { readonly fd: number; readonly image: MachineImage } {
  const file = openSnapshot(path);
  try {
    const stat = fstatSync(file);
    assertOurs(path, stat);
    const { manifest, dataStart } = readManifest(path, file, stat.size);
    assertCompatible(manifest.image);
    assertRuns(path, manifest, stat.size - dataStart);
    return { fd: loadPages(path, file, dataStart, manifest), image: manifest.image };
  } finally {
    closeSync(file);
  }
}

/** Finds the pages worth storing. All of them lie below the allocator's bump pointer. */
function describe(fd: number, image: MachineImage): Manifest {
  const runs: [number, number][] = [];
  const hash = sha256Stream();
  forEachChunk([[0, image.pages.bump / PAGE_SIZE]], (chunk, position) => {
    readAll(fd, chunk, position);
    for (let offset = 0; offset < chunk.length; offset += PAGE_SIZE) {
      const page = chunk.subarray(offset, offset + PAGE_SIZE);
      if (ZERO_PAGE.equals(page)) continue;
      hash.update(page);
      const number = (position + offset) / PAGE_SIZE;
      const last = runs.at(-1);
      if (last && last[0] + last[1] === number) last[1]++;
      else runs.push([number, 1]);
    }
  });
  return { image, runs, sha256: hash.digest("hex") };
}

function openSnapshot(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    throw new ZtlError("snapshot-missing", `There is no snapshot to read at ${path}.`, { path }, { cause: error });
  }
}

/** Whoever can write a snapshot decides what the guest runs and, through its state, what the host believes of it. */
function assertOurs(path: string, stat: Stats): void {
  if (stat.isFile() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0) return;
  const found = { path, uid: stat.uid, mode: (stat.mode & 0o7777).toString(8) };
  throw new ZtlError("snapshot-untrusted", `Others could have written the snapshot ${path}; delete it.`, found);
}

function readManifest(path: string, file: number, size: number): { manifest: Manifest; dataStart: number } {
  const header = Buffer.alloc(HEADER_BYTES);
  if (size < HEADER_BYTES) throw corrupt(path, "it is too short");
  readAll(file, header, 0);
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) throw corrupt(path, "it does not begin like one");
  const length = header.readUInt32LE(MAGIC.length);
  if (length > MAX_MANIFEST_BYTES || HEADER_BYTES + length > size) throw corrupt(path, "its manifest is cut off");
  const json = Buffer.alloc(length);
  readAll(file, json, HEADER_BYTES);
  if (!sha256(json).equals(header.subarray(MAGIC.length + 4))) throw corrupt(path, "its manifest was changed");
  // The digest matches, so this is what saveImage wrote: it parses and has the right shape.
  return { manifest: JSON.parse(json.toString()) as Manifest, dataStart: HEADER_BYTES + length };
}

function assertRuns(path: string, manifest: Manifest, dataBytes: number): void {
  const pages = manifest.runs.reduce((sum, [, count]) => sum + count, 0);
  if (pages * PAGE_SIZE !== dataBytes) throw corrupt(path, "its length does not match its manifest");
  const end = manifest.image.memoryBytes / PAGE_SIZE;
  if (manifest.runs.some(([first, count]) => first < 0 || count < 1 || first + count > end)) {
    throw corrupt(path, "it has pages outside its memory");
  }
}

function loadPages(path: string, file: number, dataStart: number, manifest: Manifest): number {
  const fd = memfdCreate("ztl-image", manifest.image.memoryBytes);
  try {
    const hash = sha256Stream();
    let source = dataStart;
    forEachChunk(manifest.runs, (chunk, position) => {
      readAll(file, chunk, source);
      source += chunk.length;
      hash.update(chunk);
      writeAll(fd, chunk, position);
    });
    if (hash.digest("hex") !== manifest.sha256) throw corrupt(path, "its pages were changed");
    sealMemfd(fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Calls back with a buffer for each piece of the runs, of bounded size, and its position in guest memory. */
function forEachChunk(runs: Manifest["runs"], fn: (chunk: Buffer, position: number) => void): void {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (const [first, count] of runs) {
    const end = (first + count) * PAGE_SIZE;
    for (let position = first * PAGE_SIZE; position < end; position += CHUNK_BYTES) {
      fn(buffer.subarray(0, Math.min(CHUNK_BYTES, end - position)), position);
    }
  }
}

function readAll(fd: number, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length; ) {
    const count = readSync(fd, into, done, into.length - done, position + done);
    if (count === 0) throw new ZtlError("snapshot-corrupt", "A snapshot ended while it was being read.");
    done += count;
  }
}

function writeAll(fd: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position === undefined ? null : position + done);
  }
}

function corrupt(path: string, reason: string): ZtlError {
  return new ZtlError("snapshot-corrupt", `The snapshot ${path} cannot be used: ${reason}. Delete it.`, {
    path,
    reason,
  });
}
