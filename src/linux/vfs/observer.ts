import type { Inode } from "./inode.ts";
import type { Location } from "./location.ts";

/** What happens to files, in the bits that inotify(7) tells it by (linux/inotify.h). */
export const FileEvent = {
  access: 0x1,
  modify: 0x2,
  attributes: 0x4,
  closeWrite: 0x8,
  closeNoWrite: 0x10,
  open: 0x20,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
} as const;

/** Somebody who is told what happens in the file tree. */
export interface FileObserver {
  /** Something was done with a file: of interest to who watches it, and, with its name, to who watches its directory. */
  happened(event: number, location: Location): void;
  /** A name was made, removed or moved in a directory; `cookie` joins the two halves of a move. */
  named(event: number, directory: Inode, name: string, inode: Inode, cookie?: number): void;
  /** Something became of the file itself, whatever its names. */
  became(event: number, inode: Inode): void;
  /** A name of the file is gone: perhaps its last, and nobody has it open. */
  mayBeGone(inode: Inode): void;
  /** A number for {@link named} that no other move had. */
  newCookie(): number;
}
