import { fail } from "../errno.ts";
import { FileType, type Inode, type NewFile } from "./inode.ts";
import type { RamFs } from "./ram-fs.ts";
import { type Origin, RamInode } from "./ram-inode.ts";

/** A symbolic link in RAM, or one of the lower tree seen through an overlay. Its target never changes. */
export class RamSymlink extends RamInode {
  override readonly type = FileType.symlink;
  #target: string | undefined;
  #chargedBytes = 0;

  constructor(fs: RamFs, born: Origin | NewFile, target?: string) {
    super(fs, born);
    this.#target = target;
    // Targets of up to 4 KiB each would hold far more host memory than names do.
    if (target === undefined) return;
    fs.budget.allocate(target.length);
    fs.budget.allowance.charge(target.length);
    this.#chargedBytes = target.length;
  }

  protected override freeContent(): void {
    this.fs.budget.free(this.#chargedBytes);
    this.fs.budget.allowance.refund(this.#chargedBytes);
    this.#chargedBytes = 0;
  }

  override get sizeBytes(): number {
    return this.readlink().length;
  }

  override readlink(): string {
    this.#target ??= this.origin?.lower.readlink() ?? "";
    return this.#target;
  }
}

/** A named pipe, socket or device node: a name and numbers; what it does is the opener's matter. */
export class RamSpecial extends RamInode {
  override readonly type: number;
  readonly #rdev: number;

  constructor(fs: RamFs, born: NewFile, type: number, rdev: number) {
    super(fs, born);
    this.type = type;
    this.#rdev = rdev;
  }

  /** A node made with mknod has no driver behind it here, a socket no listener. */
  override open(): Inode {
    return this.type === FileType.fifo ? this : fail("ENXIO");
  }

  protected override get rdev(): number {
    return this.#rdev;
  }
}
