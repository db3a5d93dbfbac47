import { PAGE_SIZE } from "../../vmm/index.ts";
import type { Kernel } from "../kernel.ts";
import { pageCeil } from "../memory/page-math.ts";
import { type PageSharer, SharedPages } from "../memory/shared-pages.ts";
import type { Vma } from "../memory/vma.ts";
import { type Birth, IpcObject, IpcTable } from "./objects.ts";

/** struct shmid64_ds (asm-generic/shmbuf.h). */
export const SEGMENT_BYTES = 112;
/** Marked to go with its last attachment (linux/shm.h). */
const SHM_DEST = 0o1000;

/** A segment of System V shared memory (shmget(2)): pages that live though nobody has them mapped. */
export class Segment extends IpcObject implements PageSharer {
  readonly sizeBytes: number;
  readonly pages: SharedPages;
  readonly creatorPid: number;
  lastPid = 0;
  attachedSeconds = 0n;
  detachedSeconds = 0n;

  /** @param released called when nothing holds it any more: removed, and mapped nowhere */
  constructor(birth: Birth, kernel: Kernel, sizeBytes: number, released: (segment: Segment) => void) {
    super(birth);
    this.sizeBytes = sizeBytes;
    this.creatorPid = kernel.caller?.pid ?? 0;
    this.pages = new SharedPages(kernel.machine, {
      limitPages: pageCeil(sizeBytes) / PAGE_SIZE,
      released: () => released(this),
    });
    this.pages.retain(this);
  }

  get name(): string {
    return `/SYSV${(this.key >>> 0).toString(16).padStart(8, "0")} (deleted)`;
  }

  /** It maps nothing itself. */
  dropShared(): void {}

  /** In how many places it is mapped, in all processes. */
  get attachments(): number {
    return this.pages.holders - Number(!this.isDoomed);
  }

  get isDoomed(): boolean {
    return (this.mode & SHM_DEST) !== 0;
  }

  /** Lets go with the last attachment. */
  doom(): void {
    this.mode |= SHM_DEST;
    this.key = 0;
    this.pages.release(this);
  }
}

/** The segments of a run. */
export class SharedMemory {
  readonly #kernel: Kernel;
  readonly table = new IpcTable<Segment>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  make(birth: Birth, sizeBytes: number): Segment {
    return new Segment(birth, this.#kernel, sizeBytes, (segment) => this.table.remove(segment));
  }

  /** The segment a mapping shows. */
  behind(vma: Vma | undefined): Segment | undefined {
    return vma?.shared && this.table.all.find(({ pages }) => pages === vma.shared?.pages);
  }

  statBytes(segment: Segment): Buffer {
    const bytes = segment.permissionBytes(SEGMENT_BYTES);
    bytes.writeBigUInt64LE(BigInt(segment.sizeBytes), 48);
    bytes.writeBigInt64LE(segment.attachedSeconds, 56);
    bytes.writeBigInt64LE(segment.detachedSeconds, 64);
    bytes.writeBigInt64LE(segment.changedSeconds, 72);
    bytes.writeInt32LE(segment.creatorPid, 80);
    bytes.writeInt32LE(segment.lastPid, 84);
    bytes.writeBigUInt64LE(BigInt(segment.attachments), 88);
    return bytes;
  }
}
