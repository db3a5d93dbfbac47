import type { ByteString } from "../../base/byte-string.ts";
import { type Attributes, FILE_TYPE_MASK, FileType, Inode, type NewFile, type Stat } from "./inode.ts";
import type { LowerInode } from "./lower-inode.ts";
import type { RamFs } from "./ram-fs.ts";

/** The lower file an overlay inode began as, and where. */
export interface Origin<Lower extends LowerInode = LowerInode> {
  readonly lower: Lower;
  /** Path relative to the mount at which it was first found. */
  readonly path: ByteString;
}

export function isOrigin<Lower extends LowerInode>(born: Origin<Lower> | NewFile): born is Origin<Lower> {
  return "lower" in born;
}

/** Permission bits, with set-id and sticky. */
export const PERMISSION_MASK = 0o7777;

const S_ISUID = 0o4000;
const S_ISGID = 0o2000;

/** Set-group-ID without group execution means mandatory locking, not a privilege, and stays (chown(2)). */
export function withoutSetId(mode: number): number {
  return mode & ~S_ISUID & ((mode & 0o010) !== 0 ? ~S_ISGID : ~0);
}

/**
 * A time as far as a file keeps it: what 64 bits of nanoseconds hold, from 1677 to 2262. Every file system of Linux cuts a
 * time to what it has room for (timestamp_truncate, fs/inode.c).
 */
function keptTime(ns: bigint): bigint {
  if (BigInt.asIntN(64, ns) === ns) return ns;
  return ns < 0n ? -(2n ** 63n) : 2n ** 63n - 1n;
}

/** What {@link RamInode.stat} tells of a regular file or directory that nobody has looked at yet, by the lower one's. */
export function statOfOrigin(lower: Stat, dev: number): Stat {
  const [atimeNs, mtimeNs, ctimeNs] = [lower.atimeNs, lower.mtimeNs, lower.ctimeNs].map(keptTime) as [
    bigint,
    bigint,
    bigint,
  ];
  const isEmptyFile = (lower.mode & FILE_TYPE_MASK) === FileType.regular && lower.sizeBytes === 0;
  return { ...lower, dev, rdev: 0, blocks: isEmptyFile ? 0 : lower.blocks, atimeNs, mtimeNs, ctimeNs };
}

/** Owner, mode, times and names of a file in RAM. Access times are never updated, as on a `noatime` mount. */
export abstract class RamInode extends Inode {
  abstract override readonly type: number;
  readonly fs: RamFs;
  readonly origin: Origin | undefined;
  readonly ino: number;
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  #isTimeSet = false;
  #holders = 0;

  constructor(fs: RamFs, born: Origin | NewFile) {
    super();
    this.fs = fs;
    if (isOrigin(born)) {
      const stat = born.lower.stat();
      this.origin = born;
      this.ino = fs.inoOfLower(born.lower);
      this.mode = stat.mode & PERMISSION_MASK;
      this.uid = stat.uid;
      this.gid = stat.gid;
      this.nlink = stat.nlink;
      this.atimeNs = keptTime(stat.atimeNs);
      this.mtimeNs = keptTime(stat.mtimeNs);
      this.ctimeNs = keptTime(stat.ctimeNs);
    } else {
      this.origin = undefined;
      this.ino = fs.newIno();
      this.mode = born.mode & PERMISSION_MASK;
      this.uid = born.uid;
      this.gid = born.gid;
      this.nlink = 0;
      this.atimeNs = this.mtimeNs = this.ctimeNs = this.now();
    }
  }

  /** The guest's clock may be set to years that no file system knows. */
  protected now(): bigint {
    return keptTime(this.fs.now());
  }

  override get isStill(): boolean {
    return true;
  }

  get sizeBytes(): number {
    return 0;
  }

  protected get blocks(): number {
    return 0;
  }

  protected get rdev(): number {
    return 0;
  }

  override stat(): Stat {
    return {
      dev: this.fs.dev,
      ino: this.ino,
      mode: this.type | this.mode,
      nlink: this.nlink,
      uid: this.uid,
      gid: this.gid,
      rdev: this.rdev,
      sizeBytes: this.sizeBytes,
      blocks: this.blocks,
      atimeNs: this.atimeNs,
      mtimeNs: this.mtimeNs,
      ctimeNs: this.ctimeNs,
    };
  }

  override setAttributes(attributes: Attributes): void {
    this.mode = (attributes.mode ?? this.mode) & PERMISSION_MASK;
    this.uid = attributes.uid ?? this.uid;
    this.gid = attributes.gid ?? this.gid;
    this.atimeNs = keptTime(attributes.atimeNs ?? this.atimeNs);
    this.mtimeNs = keptTime(attributes.mtimeNs ?? this.mtimeNs);
    this.#isTimeSet ||= attributes.mtimeNs !== undefined;
    this.ctimeNs = this.now();
  }

  /** True when a program set the time of the last change on purpose, as touch(1) does, and to another than the lower file has. */
  hasOtherTime(lower: LowerInode): boolean {
    return this.#isTimeSet && this.mtimeNs !== keptTime(lower.stat().mtimeNs);
  }

  /** A name more or less leads here. */
  addLinks(count: number): void {
    this.nlink += count;
    this.ctimeNs = this.now();
    this.#freeIfUnused();
  }

  override retain(): void {
    this.#holders++;
  }

  override get isHeld(): boolean {
    return this.#holders > 0;
  }

  override release(): void {
    this.#holders--;
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (this.nlink <= 0 && this.#holders <= 0) this.freeContent();
  }

  /** Nothing can reach the content any more. */
  protected freeContent(): void {}
}
