import { FileType } from "./inode.ts";

/** What a changed file is, in a word. */
export type ChangedFileType =
  | "file"
  | "directory"
  | "symlink"
  | "fifo"
  | "socket"
  | "character-device"
  | "block-device";

export function changedFileType(type: number): ChangedFileType {
  switch (type) {
    case FileType.directory:
      return "directory";
    case FileType.symlink:
      return "symlink";
    case FileType.fifo:
      return "fifo";
    case FileType.socket:
      return "socket";
    case FileType.characterDevice:
      return "character-device";
    case FileType.blockDevice:
      return "block-device";
    default:
      return "file";
  }
}
