import { Descriptor } from "./descriptors.ts";
import { Call } from "./system-calls.ts";
import type { CallTable } from "./table.ts";

/** linux/mount.h */
const OPEN_TREE_CLONE = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOUNT_ATTR_IDMAP = 0x10_0000;
/** linux/fcntl.h */
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
const AT_EMPTY_PATH = 0x1000;

export interface MappedBind {
  readonly from: string;
  readonly to: string;
  /** Without the mapping the guest could not read what it is shown; other files are readable for everybody, or not needed. */
  readonly required: boolean;
}

/**
 * Shows a piece of the host's tree on which the files of root are those of the cell's own user. File systems that cannot
 * (mount_setattr(2): those of the kernel itself, networks, overlays) fail a bind that is required to.
 */
export function addMappedBind(table: CallTable, { from, to, required }: MappedBind): void {
  const missing = table.newLabel();
  const layer = table.layer;
  const empty = table.text("");
  // The lowest free descriptor: those below are all taken.
  const fd = Descriptor.firstOther;
  // A path that has gone since it was looked for is missing inside, too.
  table.call(`open ${from}`, Call.openTree, [AT_FDCWD, table.text(from), OPEN_TREE_CLONE | AT_RECURSIVE], {
    onError: missing,
  });
  // struct mount_attr: set, clear, propagation, user namespace.
  const attributes = BigUint64Array.of(BigInt(MOUNT_ATTR_IDMAP), 0n, 0n, BigInt(Descriptor.user));
  const mapping = table.bytes(new Uint8Array(attributes.buffer));
  table.layer = "uid";
  table.call(`map the users of ${from}`, Call.mountSetattr, [fd, empty, AT_EMPTY_PATH | AT_RECURSIVE, mapping, 32], {
    onError: required ? "die" : "next",
  });
  table.layer = layer;
  table.call(`bind ${from}`, Call.moveMount, [fd, empty, AT_FDCWD, table.text(to), MOVE_MOUNT_F_EMPTY_PATH], {
    onError: "next",
  });
  table.call(`close ${from}`, Call.close, [fd]);
  table.place(missing);
}
