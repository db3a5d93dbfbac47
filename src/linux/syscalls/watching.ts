import { fail } from "../errno.ts";
import { Open } from "../files/open-file.ts";
import { Access, FileType } from "../vfs/index.ts";
import { InotifyFile, Watching } from "../watching/index.ts";
import type { Call, SyscallTable } from "./call.ts";
import { refused } from "./standing.ts";
import { locateFromCwd } from "./stat.ts";

/** All events that can be asked for (IN_ALL_EVENTS, linux/inotify.h), and IN_UNMOUNT, which never comes. */
const EVENTS = 0xfff | 0x2000;
const KNOWN =
  EVENTS |
  Watching.onlyDirectory |
  Watching.dontFollow |
  Watching.excludeUnlinked |
  Watching.maskCreate |
  Watching.maskAdd |
  Watching.isDirectory |
  Watching.oneShot;

function create(call: Call, flags: number): number {
  if ((flags & ~(Open.nonBlock | Open.closeOnExec)) !== 0) fail("EINVAL");
  const { watches, allowance } = call.kernel;
  const instance = watches.register(new InotifyFile(watches, flags, allowance));
  return call.process.files.install(instance, (flags & Open.closeOnExec) !== 0);
}

function instanceOf(call: Call): InotifyFile {
  const file = call.process.files.get(call.int(0));
  return file instanceof InotifyFile ? file : fail("EINVAL");
}

function addWatch(call: Call): number {
  const mask = call.uint(2);
  if ((mask & EVENTS) === 0 || (mask & ~KNOWN) !== 0) fail("EINVAL");
  if ((mask & Watching.maskAdd) !== 0 && (mask & Watching.maskCreate) !== 0) fail("EINVAL");
  const instance = instanceOf(call);
  const location = locateFromCwd(call, call.path(1), (mask & Watching.dontFollow) === 0);
  if ((mask & Watching.onlyDirectory) !== 0 && location.inode.type !== FileType.directory) fail("ENOTDIR");
  call.kernel.vfs.access(location, Access.read, call.process.credentials);
  return call.kernel.watches.add(instance, location.inode, mask);
}

export const watchingCalls: SyscallTable = {
  inotify_init: (call) => create(call, 0),
  inotify_init1: (call) => create(call, call.int(0)),
  inotify_add_watch: addWatch,
  inotify_rm_watch(call) {
    call.kernel.watches.remove(instanceOf(call), call.int(1));
    return 0;
  },
  // For who administers a machine (CAP_SYS_ADMIN).
  fanotify_init: refused("EPERM", "takes privileges on Linux; inotify works"),
  fanotify_mark: refused("EBADF", "there is no descriptor it could be for"),
};
