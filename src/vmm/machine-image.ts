import { ZtlError } from "../errors.ts";
import { cpuFeatures } from "./cpu-features.ts";
import { MAX_MEMORY_BYTES, MIN_MEMORY_BYTES, PAGE_SIZE } from "./layout.ts";
import type { PageAllocatorImage } from "./page-allocator.ts";
import type { PageTablesImage } from "./page-tables.ts";
import { syscallRing } from "./syscall-ring.ts";
import type { SyscallRing } from "./system-pages.ts";

/** Changes whenever a machine's memory layout or this structure does: older images are refused, not converted. */
export const IMAGE_VERSION = 3;

/** A sealed machine: everything but the bytes of its memory. Plain JSON. */
export interface MachineImage {
  readonly version: typeof IMAGE_VERSION;
  readonly memoryBytes: number;
  /** What the guest knows about its CPU, and how `syscall` arrives: must be the same where it goes on. */
  readonly cpuDigest: string;
  readonly syscallRing: SyscallRing;
  readonly cpu: CpuImage;
  readonly pages: PageAllocatorImage;
  readonly addressSpaces: AddressSpacesImage;
}

export interface CpuImage {
  /** In the order of `Register`, hexadecimal. */
  readonly registers: readonly string[];
  /** XSAVE image, base64. */
  readonly fpu: string;
  readonly fs: number;
  readonly gs: number;
  /** CR3. */
  readonly root: number;
}

export interface AddressSpacesImage {
  readonly live: readonly PageTablesImage[];
  /** Cleared trees, ready for use. */
  readonly spare: readonly PageTablesImage[];
  /** First table page never used. */
  readonly arenaBump: number;
}

/** @throws ZtlError `snapshot-incompatible` when the image cannot go on in this process on this host. */
export function assertCompatible(image: MachineImage): void {
  const expected = { version: IMAGE_VERSION, cpuDigest: cpuFeatures().digest, syscallRing: syscallRing() };
  for (const key of ["version", "cpuDigest", "syscallRing"] as const) {
    if (image[key] === expected[key]) continue;
    throw new ZtlError(
      "snapshot-incompatible",
      `The snapshot was made elsewhere: its ${key} is ${image[key]}, here it is ${expected[key]}. Make it again.`,
      { key, found: image[key], expected: expected[key] },
    );
  }
  checkMemorySize(image.memoryBytes);
}

/** @throws ZtlError `bad-memory-size` */
export function checkMemorySize(memoryBytes: number): void {
  if (memoryBytes % PAGE_SIZE === 0 && memoryBytes >= MIN_MEMORY_BYTES && memoryBytes <= MAX_MEMORY_BYTES) return;
  const bounds = { memoryBytes, min: MIN_MEMORY_BYTES, max: MAX_MEMORY_BYTES };
  throw new ZtlError(
    "bad-memory-size",
    `A machine's memory is a whole number of pages from ${MIN_MEMORY_BYTES} to ${MAX_MEMORY_BYTES} bytes, not ${memoryBytes}.`,
    bounds,
  );
}
