import { fail } from "../errno.ts";
import { lookingAsReal } from "../process/identity.ts";
import { Access, type Location } from "../vfs/index.ts";
import { AT_FDCWD, type Call, type SyscallTable } from "./call.ts";
import { partial } from "./standing.ts";
import { At, locate, locateFromCwd } from "./stat.ts";

/** Marks in `tv_nsec` of utimensat(2) (linux/stat.h): the present, and "leave as it is". */
const UTIME_NOW = 0x3fffffff;
const UTIME_OMIT = 0x3ffffffe;
const AT_EACCESS = 0x200;
/** The id that means "leave as it is" (chown(2)). */
const SAME_ID = 0xffff_ffff;

function ofDescriptor(call: Call): Location {
  const opened = call.process.files.get(call.int(0));
  // A pipe has no location; nothing it would keep a mode in either.
  return opened.location ?? fail("EINVAL");
}

function access(call: Call, find: () => Location, wanted: number, flags = 0): number {
  if ((wanted & ~(Access.read | Access.write | Access.execute)) !== 0) fail("EINVAL");
  const { process } = call;
  const { identity } = process;
  if ((flags & AT_EACCESS) === 0) process.identity = lookingAsReal(identity);
  try {
    call.kernel.vfs.access(find(), wanted, process.credentials);
  } finally {
    process.identity = identity;
  }
  return 0;
}

function chmod(call: Call, location: Location, mode: number): number {
  call.kernel.vfs.chmod(location, mode, call.process.credentials);
  return 0;
}

function chown(call: Call, location: Location, uid: number, gid: number): number {
  const idOf = (id: number): number | undefined => (id === SAME_ID ? undefined : id);
  call.kernel.vfs.chown(location, idOf(uid), idOf(gid), call.process.credentials);
  return 0;
}

/** One time to set, in nanoseconds; "omit" leaves it. */
type NewTime = bigint | "now" | "omit";

function setTimes(call: Call, location: Location, atime: NewTime, mtime: NewTime): number {
  if (atime === "omit" && mtime === "omit") return 0;
  const { vfs } = call.kernel;
  const now = vfs.now();
  const nsOf = (time: NewTime): bigint | undefined => (time === "omit" ? undefined : time === "now" ? now : time);
  const isNow = atime === "now" && mtime === "now";
  const times = { atimeNs: nsOf(atime), mtimeNs: nsOf(mtime), isNow };
  vfs.utimens(location, times, call.process.credentials);
  return 0;
}

/** Two times at an address, each of two 64-bit words; a null address is "now" for both. */
function readTimes(call: Call, address: number, parse: (seconds: bigint, rest: bigint) => NewTime): [NewTime, NewTime] {
  if (address === 0) return ["now", "now"];
  const bytes = call.memory.read(address, 32);
  const timeAt = (at: number): NewTime => parse(bytes.readBigInt64LE(at), bytes.readBigInt64LE(at + 8));
  return [timeAt(0), timeAt(16)];
}

function fromTimespec(seconds: bigint, nanoseconds: bigint): NewTime {
  if (nanoseconds === BigInt(UTIME_NOW)) return "now";
  if (nanoseconds === BigInt(UTIME_OMIT)) return "omit";
  if (nanoseconds < 0n || nanoseconds > 999_999_999n) fail("EINVAL");
  return seconds * 1_000_000_000n + nanoseconds;
}

function fromTimeval(seconds: bigint, microseconds: bigint): NewTime {
  if (microseconds < 0n || microseconds > 999_999n) fail("EINVAL");
  return seconds * 1_000_000_000n + microseconds * 1000n;
}

function utime(call: Call): number {
  const address = call.unsigned(1);
  let times: [NewTime, NewTime] = ["now", "now"];
  if (address !== 0) {
    const bytes = call.memory.read(address, 16);
    times = [bytes.readBigInt64LE(0) * 1_000_000_000n, bytes.readBigInt64LE(8) * 1_000_000_000n];
  }
  return setTimes(call, locateFromCwd(call, call.path(0), true), ...times);
}

function utimensat(call: Call): number {
  const flags = call.int(3);
  if ((flags & ~(At.symlinkNoFollow | At.emptyPath)) !== 0) fail("EINVAL");
  const times = readTimes(call, call.unsigned(2), fromTimespec);
  if (call.unsigned(1) === 0) {
    if (call.int(0) === AT_FDCWD) fail("EFAULT");
    if (flags !== 0) fail("EINVAL");
    return setTimes(call, ofDescriptor(call), ...times);
  }
  return setTimes(call, locate(call, 0, call.path(1), flags), ...times);
}

function noAttributes(locateFile: (call: Call) => unknown): (call: Call) => number {
  return (call) => {
    locateFile(call);
    return fail("EOPNOTSUPP");
  };
}

const followed = (call: Call): Location => locateFromCwd(call, call.path(0), true);
const unfollowed = (call: Call): Location => locateFromCwd(call, call.path(0), false);
const described = (call: Call): unknown => call.process.files.get(call.int(0));

const NO_ATTRIBUTES = "files have no extended attributes: EOPNOTSUPP";

export const attributeCalls: SyscallTable = {
  access: (call) => access(call, () => followed(call), call.int(1)),
  faccessat: (call) => access(call, () => locate(call, 0, call.path(1), 0), call.int(2)),
  faccessat2(call) {
    const flags = call.int(3);
    if ((flags & ~(At.symlinkNoFollow | At.emptyPath | AT_EACCESS)) !== 0) fail("EINVAL");
    return access(call, () => locate(call, 0, call.path(1), flags), call.int(2), flags);
  },
  chmod: (call) => chmod(call, followed(call), call.uint(1)),
  fchmod: (call) => chmod(call, ofDescriptor(call), call.uint(1)),
  fchmodat: (call) => chmod(call, locate(call, 0, call.path(1), 0), call.uint(2)),
  fchmodat2(call) {
    if ((call.int(3) & ~(At.symlinkNoFollow | At.emptyPath)) !== 0) fail("EINVAL");
    return chmod(call, locate(call, 0, call.path(1), call.int(3)), call.uint(2));
  },
  chown: (call) => chown(call, followed(call), call.uint(1), call.uint(2)),
  lchown: (call) => chown(call, unfollowed(call), call.uint(1), call.uint(2)),
  fchown: (call) => chown(call, ofDescriptor(call), call.uint(1), call.uint(2)),
  fchownat(call) {
    if ((call.int(4) & ~(At.symlinkNoFollow | At.emptyPath)) !== 0) fail("EINVAL");
    return chown(call, locate(call, 0, call.path(1), call.int(4)), call.uint(2), call.uint(3));
  },
  utime,
  utimes: (call) => setTimes(call, followed(call), ...readTimes(call, call.unsigned(1), fromTimeval)),
  futimesat(call) {
    const times = readTimes(call, call.unsigned(2), fromTimeval);
    if (call.unsigned(1) === 0) return setTimes(call, ofDescriptor(call), ...times);
    return setTimes(call, locate(call, 0, call.path(1), 0), ...times);
  },
  utimensat,
  umask(call) {
    const { fs } = call.process;
    const old = fs.umask;
    fs.umask = call.uint(0) & 0o777;
    return old;
  },
  // Extended attributes: as on a file system without them (xattr(7)).
  setxattr: partial(NO_ATTRIBUTES, noAttributes(followed)),
  lsetxattr: partial(NO_ATTRIBUTES, noAttributes(unfollowed)),
  fsetxattr: partial(NO_ATTRIBUTES, noAttributes(described)),
  getxattr: partial(NO_ATTRIBUTES, noAttributes(followed)),
  lgetxattr: partial(NO_ATTRIBUTES, noAttributes(unfollowed)),
  fgetxattr: partial(NO_ATTRIBUTES, noAttributes(described)),
  listxattr: partial(NO_ATTRIBUTES, noAttributes(followed)),
  llistxattr: partial(NO_ATTRIBUTES, noAttributes(unfollowed)),
  flistxattr: partial(NO_ATTRIBUTES, noAttributes(described)),
  removexattr: partial(NO_ATTRIBUTES, noAttributes(followed)),
  lremovexattr: partial(NO_ATTRIBUTES, noAttributes(unfollowed)),
  fremovexattr: partial(NO_ATTRIBUTES, noAttributes(described)),
};
