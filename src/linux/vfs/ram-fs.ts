import { type ByteString, EMPTY } from "../../base/byte-string.ts";
import type { ByteBudget } from "./budget.ts";
import { FileType, type Stat } from "./inode.ts";
import { isLowerDirectory, isLowerFile, type LowerDirectory, type LowerInode } from "./lower-inode.ts";
import { RamDirectory } from "./ram-directory.ts";
import { RamFile } from "./ram-file.ts";
import { type RamInode, statOfOrigin } from "./ram-inode.ts";
import { RamSymlink } from "./ram-symlink.ts";

/** Inode numbers of files born in RAM begin here, above those host file systems give out in practice. */
const FIRST_NEW_INO = 2 ** 48;

/** What a RAM file system needs of its run. */
export interface RamFsOptions {
  readonly dev: number;
  readonly budget: ByteBudget;
  /** The guest's clock: nanoseconds since the epoch. */
  readonly now: () => bigint;
  /** Whether writers have CAP_FSETID: a write by others takes the set-id bits from a file (write(2)). */
  readonly keepsSetId: boolean;
}

/**
 * One file system in RAM. With a lower host directory it is an overlay: a file of the host becomes a RAM inode when it is
 * first looked at, keeps its number, and copies what is changed. Without one it is a tmpfs.
 */
export class RamFs {
  readonly dev: number;
  readonly budget: ByteBudget;
  readonly now: () => bigint;
  readonly keepsSetId: boolean;
  readonly root: RamDirectory;
  /** True for an overlay, whose changed files are in the run's result. */
  readonly isHandedOut: boolean;
  /** The RAM inode of each lower file seen, by its identity: hard links below stay hard links. */
  readonly #byLower = new Map<string, RamInode>();
  /** Device of the lower root: only its inode numbers can be kept without clashes. */
  readonly #lowerDev: number | undefined;
  #nextIno: number;

  constructor(options: RamFsOptions, root: { readonly lower: LowerDirectory } | { readonly mode: number }) {
    this.dev = options.dev;
    this.budget = options.budget;
    this.now = options.now;
    this.keepsSetId = options.keepsSetId;
    const lower = "lower" in root ? root.lower : undefined;
    this.isHandedOut = lower !== undefined;
    this.#nextIno = lower === undefined ? 1 : FIRST_NEW_INO;
    this.#lowerDev = lower?.stat().dev;
    if (lower !== undefined) this.root = this.adopt(lower, EMPTY) as RamDirectory;
    else this.root = new RamDirectory(this, { mode: "mode" in root ? root.mode : 0, uid: 0, gid: 0 });
  }

  newIno(): number {
    return this.#nextIno++;
  }

  /** The RAM inode for a file of the lower tree, first found at `path` (relative to the mount, no leading slash). */
  adopt(lower: LowerInode, path: ByteString): RamInode {
    const known = this.#byLower.get(lower.identity);
    if (known !== undefined && known.type === lower.type) return known;
    const inode = this.#wrap(lower, path);
    this.#byLower.set(lower.identity, inode);
    return inode;
  }

  /** What stat(2) will tell of a lower file when the run looks at it; undefined where that is decided only then. */
  foresee(lower: LowerInode): Stat | undefined {
    if (lower.type === FileType.symlink) return undefined;
    const known = this.#byLower.get(lower.identity);
    if (known?.type === lower.type) return known.isStill ? known.stat() : undefined;
    const stat = lower.stat();
    return stat.dev === this.#lowerDev ? statOfOrigin(stat, this.dev) : undefined;
  }

  /** The RAM inode of a lower file, if the run has looked at it. */
  adopted(lower: LowerInode): RamInode | undefined {
    return this.#byLower.get(lower.identity);
  }

  /** Every lower file the run has looked at. */
  allAdopted(): Iterable<RamInode> {
    return this.#byLower.values();
  }

  inoOfLower(lower: LowerInode): number {
    const { dev, ino } = lower.stat();
    return dev === this.#lowerDev ? ino : this.newIno();
  }

  #wrap(lower: LowerInode, path: ByteString): RamInode {
    const origin = { lower, path };
    if (isLowerDirectory(lower)) return new RamDirectory(this, origin);
    return isLowerFile(lower) ? new RamFile(this, { lower, path }) : new RamSymlink(this, origin);
  }
}
