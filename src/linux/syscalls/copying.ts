import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { Open, type OpenFile, Poll } from "../files/open-file.ts";
import { PipeEnd } from "../files/pipe.ts";
import { FileType } from "../vfs/index.ts";
import type { Call, SyscallTable } from "./call.ts";
import { fileSizeLimit, refuseFileSize } from "./file-size.ts";
import { readInto, tellMoved, vector, writeFrom } from "./transfer.ts";

/** Bytes copied per step between two files. */
const COPY_BYTES = 65_536;
/**
 * Most steps of one call, 16 MiB in all; callers go on after a short count. Time limits are looked at between calls, and
 * from /dev/zero, or round a pipe that feeds itself, there is no end.
 */
const COPY_STEPS_MAX = 256;
/** SPLICE_F_MOVE, _NONBLOCK, _MORE and _GIFT (fcntl.h). */
const SPLICE_FLAGS = 15;
const SPLICE_NONBLOCK = 2;

const mayRead = ({ flags }: OpenFile): boolean => (flags & Open.accessMode) !== Open.writeOnly;
const mayWrite = ({ flags }: OpenFile): boolean => (flags & Open.accessMode) !== Open.readOnly;
const appends = ({ flags }: OpenFile): boolean => (flags & Open.append) !== 0;
const isDirectory = ({ location }: OpenFile): boolean => location?.inode.type === FileType.directory;

/** Two open files that bytes move between, from places of their own where these are given. */
interface Copy {
  readonly from: OpenFile;
  readonly to: OpenFile;
  readonly length: number;
  readonly fromAt?: number | undefined;
  readonly toAt?: number | undefined;
  readonly mayWait: boolean;
}

function copy(call: Call, { from, to, length, fromAt, toAt, mayWait }: Copy): number {
  const wait = (ready: () => boolean): number => (mayWait ? call.block(ready) : fail("EAGAIN"));
  const buffer = new Uint8Array(Math.min(length, COPY_BYTES));
  const most = Math.min(length, roomIn(call, to, toAt));
  let done = 0;
  for (let step = 0; done < most && step < COPY_STEPS_MAX; step++) {
    if (!to.canTake(1)) {
      if (done === 0) return wait(() => to.canTake(1));
      break;
    }
    const part = buffer.subarray(0, Math.min(buffer.length, most - done));
    const count = from.read(part, fromAt === undefined ? undefined : fromAt + done);
    if (count === BLOCKED) {
      if (done === 0) return wait(() => (from.poll() & ~Poll.out) !== 0);
      break;
    }
    if (count === 0) break;
    const written = to.write(buffer.subarray(0, count), toAt === undefined ? undefined : toAt + done);
    // What the target did not take is put back, as far as the source can be rewound.
    if (written !== count && fromAt === undefined && from.seekable) from.position -= count - Math.max(written, 0);
    done += Math.max(written, 0);
    if (written !== count) break;
  }
  if (done > 0) tellMoved(call, from, false);
  if (done > 0) tellMoved(call, to, true);
  return done;
}

/** Up to the limit of a file's size; at it SIGXFSZ and EFBIG (setrlimit(2)). */
function roomIn(call: Call, to: OpenFile, toAt: number | undefined): number {
  const limit = fileSizeLimit(call.process);
  if (limit === Number.POSITIVE_INFINITY || !to.seekable) return Number.POSITIVE_INFINITY;
  const room = limit - (toAt ?? to.position);
  return room > 0 ? room : refuseFileSize(call);
}

/** Runs a copy whose offset, if given, lives in user memory and moves along. */
function withOffset(call: Call, pointer: number, run: (position: number | undefined) => number): number {
  if (pointer === 0) return run(undefined);
  const position = Number(call.memory.read(pointer, 8).readBigInt64LE());
  const count = run(position);
  if (count > 0) call.memory.writeU64(pointer, position + count);
  return count;
}

/** An offset is none when it is below nothing, or what is asked for from there is beyond all files (rw_verify_area in fs/read_write.c). */
function expectOffset(position: number | undefined): void {
  if (position !== undefined && (position < 0 || position > Number.MAX_SAFE_INTEGER)) fail("EINVAL");
}

function sendfile(call: Call): number {
  const { files } = call.process;
  const length = call.signed(3);
  return withOffset(call, call.unsigned(2), (fromAt) => {
    const from = files.get(call.int(1));
    if (!mayRead(from)) fail("EBADF");
    if (fromAt !== undefined && !from.takesPosition) fail("ESPIPE");
    expectOffset(fromAt);
    if (length < 0) fail("EINVAL");
    const to = files.get(call.int(0));
    if (!mayWrite(to)) fail("EBADF");
    if (length === 0) return 0;
    if (!from.takesPosition || isDirectory(from) || appends(to)) fail("EINVAL");
    const common = { from, to, length, mayWait: !to.nonBlocking };
    if (from !== to || fromAt !== undefined) return copy(call, { ...common, fromAt });
    // One position for both: read and written from where it stands.
    const at = from.position;
    const count = copy(call, { ...common, fromAt: at, toAt: at });
    from.position = at + count;
    return count;
  });
}

function copyFileRange(call: Call): number {
  const { files } = call.process;
  const [from, to] = [files.get(call.int(0)), files.get(call.int(2))];
  return withOffset(call, call.unsigned(1), (fromAt) =>
    withOffset(call, call.unsigned(3), (toAt) => {
      if (call.int(5) !== 0) fail("EINVAL");
      if (isDirectory(from) || isDirectory(to)) fail("EISDIR");
      if (!from.seekable || !to.seekable) fail("EINVAL");
      if (!mayRead(from) || !mayWrite(to) || appends(to)) fail("EBADF");
      const wanted = call.unsigned(4);
      const [start, target] = [fromAt ?? from.position, toAt ?? to.position];
      // As unsigned numbers: only what is just below nothing comes round to the beginning.
      if ([start, target].some((at) => at < 0 && at + wanted >= 0)) fail("EOVERFLOW");
      const length = start < 0 ? wanted : Math.min(wanted, Math.max(from.stat().sizeBytes - start, 0));
      if (isSameFile(from, to) && start < target + length && target < start + length) fail("EINVAL");
      if (start < from.stat().sizeBytes) expectOffset(start);
      expectOffset(target);
      return length === 0 ? 0 : copy(call, { from, to, length, fromAt, toAt, mayWait: true });
    }),
  );
}

const isSameFile = (one: OpenFile, other: OpenFile): boolean =>
  one.location !== undefined && one.location.inode === other.location?.inode;

function splice(call: Call): number {
  const { files } = call.process;
  const [length, flags] = [call.unsigned(4), call.int(5)];
  if (length === 0) return 0;
  if ((flags & ~SPLICE_FLAGS) !== 0) fail("EINVAL");
  const [from, to] = [files.get(call.int(0)), files.get(call.int(2))];
  if ((from instanceof PipeEnd && call.unsigned(1) !== 0) || (to instanceof PipeEnd && call.unsigned(3) !== 0))
    fail("ESPIPE");
  return withOffset(call, call.unsigned(1), (fromAt) =>
    withOffset(call, call.unsigned(3), (toAt) => {
      if (!mayRead(from) || !mayWrite(to)) fail("EBADF");
      if (!(from instanceof PipeEnd || to instanceof PipeEnd)) fail("EINVAL");
      if (from instanceof PipeEnd && to instanceof PipeEnd && from.pipe === to.pipe) fail("EINVAL");
      if ((fromAt !== undefined && !from.takesPosition) || (toAt !== undefined && !to.takesPosition)) fail("EINVAL");
      if (isDirectory(from) || appends(to)) fail("EINVAL");
      expectOffset(fromAt);
      expectOffset(toAt);
      return copy(call, { from, to, length, fromAt, toAt, mayWait: mayWait(flags, from, to) });
    }),
  );
}

const mayWait = (flags: number, from: OpenFile, to: OpenFile): boolean =>
  (flags & SPLICE_NONBLOCK) === 0 && !from.nonBlocking && !to.nonBlocking;

/** Copies what is in one pipe into another, and leaves it there (tee(2)). */
function tee(call: Call): number {
  const { files } = call.process;
  const [length, flags] = [call.unsigned(2), call.int(3)];
  if ((flags & ~SPLICE_FLAGS) !== 0) fail("EINVAL");
  if (length === 0) return 0;
  const [from, to] = [files.get(call.int(0)), files.get(call.int(1))];
  if (!mayRead(from) || !mayWrite(to)) fail("EBADF");
  if (!(from instanceof PipeEnd && to instanceof PipeEnd) || from.pipe === to.pipe) return fail("EINVAL");
  const wait = (ready: () => boolean): number => (mayWait(flags, from, to) ? call.block(ready) : fail("EAGAIN"));
  const { queue } = from.pipe;
  if (queue.length === 0) return from.pipe.writers === 0 ? 0 : wait(() => (from.poll() & ~Poll.out) !== 0);
  if (!to.canTake(1)) return wait(() => to.canTake(1));
  return Math.max(to.write(queue.peek(length)), 0);
}

/** Between a program's memory and a pipe (vmsplice(2)); the pages are copied, which nobody can tell but by writing to them too early. */
function vmsplice(call: Call): number {
  const flags = call.int(3);
  if ((flags & ~SPLICE_FLAGS) !== 0) fail("EINVAL");
  const file = call.process.files.get(call.int(0));
  if (!(file instanceof PipeEnd)) return fail("EBADF");
  const isReady = mayWrite(file) ? file.canTake(1) : (file.poll() & ~Poll.out) !== 0;
  if ((flags & SPLICE_NONBLOCK) !== 0 && !isReady) fail("EAGAIN");
  return mayWrite(file) ? writeFrom(call, vector(call)) : readInto(call, vector(call));
}

/** What moves bytes from one description to another. */
export const copyingCalls: SyscallTable = { sendfile, copy_file_range: copyFileRange, splice, tee, vmsplice };
