import { fail } from "../errno.ts";
import { EpollFile } from "../files/epoll.ts";
import { EventFile } from "../files/event-file.ts";
import { Open, Poll } from "../files/open-file.ts";
import { UNBLOCKABLE } from "../signals/signals.ts";
import type { Call, SyscallTable } from "./call.ts";
import { deadlineIn, readTimespecMs, readTimevalMs, timespec, timeval } from "./timespec.ts";

/** Most descriptors poll takes: what a process may have open (poll(2), "Errors"). */
const POLL_MAX = 4096;

/** Repeats `check` until it finds something, time is up or a signal comes. A negative timeout waits for ever. */
function waitFor(call: Call, timeoutMs: () => number, check: () => number, ready: () => boolean): number {
  const found = check();
  if (found > 0) return found;
  const deadlineMs = call.remember(() => deadlineOf(call, timeoutMs()));
  // A signal that may come now ends even a call that would not wait.
  if (call.kernel.clock.nowMs() >= deadlineMs && !call.task.signalled) return found;
  return call.block(ready, { deadlineMs, restartable: false });
}

function deadlineOf(call: Call, timeoutMs: number): number {
  return timeoutMs < 0 ? Number.POSITIVE_INFINITY : timeoutMs === 0 ? 0 : deadlineIn(call, timeoutMs);
}

/** For the calls that set a signal mask while they wait. */
function withMask(call: Call, pointer: number, run: () => number): number {
  if (pointer === 0) return run();
  if (call.memo === undefined && call.task.restoreMask === undefined) {
    call.task.restoreMask = call.task.signalMask;
    call.task.signalMask = call.memory.read(pointer, 8).readBigUInt64LE(0) & ~UNBLOCKABLE;
  }
  const result = withMaskBackOnFailure(call, run);
  if (Number.isFinite(result) && call.task.restoreMask !== undefined) {
    call.task.signalMask = call.task.restoreMask;
    call.task.restoreMask = undefined;
  }
  return result;
}

function withMaskBackOnFailure(call: Call, run: () => number): number {
  try {
    return run();
  } catch (error) {
    if (call.task.restoreMask !== undefined) call.task.signalMask = call.task.restoreMask;
    call.task.restoreMask = undefined;
    throw error;
  }
}

function events(call: Call, descriptor: number, wanted: number): number {
  const file = call.process.files.peek(descriptor);
  return file ? file.poll() & (wanted | Poll.err | Poll.hup) : Poll.nval;
}

function poll(call: Call, timeoutMs: () => number): number {
  const count = call.uint(1);
  if (count > POLL_MAX) fail("EINVAL");
  const address = call.unsigned(0);
  const table = call.memory.read(address, count * 8);
  const scan = (store: boolean): number => {
    let found = 0;
    for (let at = 0; at < table.length; at += 8) {
      const descriptor = table.readInt32LE(at);
      const got = descriptor < 0 ? 0 : events(call, descriptor, table.readInt16LE(at + 4));
      if (store) table.writeInt16LE(got, at + 6);
      if (got !== 0) found++;
    }
    return found;
  };
  const result = waitFor(
    call,
    timeoutMs,
    () => scan(true),
    () => scan(false) > 0,
  );
  if (Number.isFinite(result)) call.memory.write(address, table);
  return result;
}

/** The three descriptor sets of select, which event makes each ready, and what counts (poll(2), "select"). */
const SETS = [Poll.in | Poll.hup | Poll.err, Poll.out | Poll.err, Poll.pri] as const;
const FD_SETSIZE = 1024;

/** One that is closed is an error at first; once the call waits it counts as ready (fs/select.c, POLLNVAL). */
function readiness(call: Call, descriptor: number): number {
  const file = call.memo === undefined ? call.process.files.get(descriptor) : call.process.files.peek(descriptor);
  return file?.poll() ?? Poll.in | Poll.out | Poll.pri;
}

function select(call: Call, timeoutMs: () => number): number {
  const count = call.int(0);
  if (count < 0) fail("EINVAL");
  const bytes = Math.ceil(Math.min(count, FD_SETSIZE) / 64) * 8;
  const sets = SETS.map((wanted, i) => ({
    wanted,
    address: call.unsigned(i + 1),
    set: call.unsigned(i + 1) === 0 ? Buffer.alloc(0) : call.memory.read(call.unsigned(i + 1), bytes),
  }));
  const scan = (results?: Buffer[]): number => {
    let found = 0;
    sets.forEach(({ wanted, set }, i) => {
      for (let descriptor = 0; descriptor < Math.min(count, set.length * 8); descriptor++) {
        if ((set[descriptor >> 3] & (1 << (descriptor & 7))) === 0) continue;
        if ((readiness(call, descriptor) & wanted) === 0) continue;
        if (results) results[i][descriptor >> 3] |= 1 << (descriptor & 7);
        found++;
      }
    });
    return found;
  };
  const results = sets.map(({ set }) => Buffer.alloc(set.length));
  const result = waitFor(
    call,
    timeoutMs,
    () => scan(results),
    () => scan() > 0,
  );
  if (Number.isFinite(result))
    sets.forEach(({ address }, i) => address !== 0 && call.memory.write(address, results[i]));
  return result;
}

/** select(2) and pselect6 on Linux leave in their timeout what was not waited for. */
function leavingRest(call: Call, result: number, encode: (ms: number) => Buffer): number {
  const pointer = call.unsigned(4);
  if (pointer === 0 || !Number.isFinite(result) || typeof call.memo !== "number") return result;
  call.memory.write(pointer, encode(Math.max(call.memo - call.kernel.clock.nowMs(), 0)));
  return result;
}

const timeoutMsOf = (call: Call, index: number) => () =>
  call.unsigned(index) === 0 ? -1 : readTimespecMs(call, call.unsigned(index));

function epollCreate(call: Call, flags: number): number {
  return call.process.files.install(new EpollFile(call.kernel.allowance), (flags & Open.closeOnExec) !== 0);
}

function epollOf(call: Call): EpollFile {
  const file = call.process.files.get(call.int(0));
  return file instanceof EpollFile ? file : fail("EINVAL");
}

function epollControl(call: Call): number {
  const epoll = epollOf(call);
  const operation = call.int(1);
  const descriptor = call.int(2);
  const file = call.process.files.get(descriptor);
  if (file === epoll) fail("EINVAL");
  if (file.seekable) fail("EPERM");
  if (operation === 2) {
    epoll.remove(descriptor, file);
    return 0;
  }
  const event = call.memory.read(call.unsigned(3), 12);
  const interest = { events: event.readUInt32LE(0), data: event.readBigUInt64LE(4) };
  if (operation === 1) epoll.add(descriptor, file, interest);
  else if (operation === 3) epoll.modify(descriptor, file, interest);
  else fail("EINVAL");
  return 0;
}

function epollWait(call: Call, timeoutMs: () => number): number {
  const epoll = epollOf(call);
  const most = call.int(2);
  if (most <= 0 || most > 1_000_000) fail("EINVAL");
  const report = (): number => {
    const ready = epoll.collect(most);
    if (ready.length === 0) return 0;
    const bytes = Buffer.alloc(ready.length * 12);
    ready.forEach(({ events: got, data }, i) => {
      bytes.writeUInt32LE(got, 12 * i);
      bytes.writeBigUInt64LE(data, 12 * i + 4);
    });
    call.memory.write(call.unsigned(1), bytes);
    return ready.length;
  };
  return waitFor(call, timeoutMs, report, () => epoll.hasReady());
}

function eventfd(call: Call, flags: number): number {
  if ((flags & ~(Open.closeOnExec | Open.nonBlock | 1)) !== 0) fail("EINVAL");
  return call.process.files.install(new EventFile(call.uint(0), flags), (flags & Open.closeOnExec) !== 0);
}

export const pollCalls: SyscallTable = {
  poll: (call) => poll(call, () => call.int(2)),
  ppoll: (call) => withMask(call, call.unsigned(3), () => poll(call, timeoutMsOf(call, 2))),
  select: (call) =>
    leavingRest(
      call,
      select(call, () => (call.unsigned(4) === 0 ? -1 : readTimevalMs(call, call.unsigned(4)))),
      timeval,
    ),
  pselect6(call) {
    const pack = call.unsigned(5);
    return withMask(call, pack === 0 ? 0 : call.memory.readU64(pack), () =>
      leavingRest(call, select(call, timeoutMsOf(call, 4)), (ms) => timespec(BigInt(Math.round(ms * 1e6)))),
    );
  },
  epoll_create: (call) => (call.int(0) <= 0 ? fail("EINVAL") : epollCreate(call, 0)),
  epoll_create1: (call) => epollCreate(call, call.int(0)),
  epoll_ctl: epollControl,
  epoll_wait: (call) => epollWait(call, () => call.int(3)),
  epoll_pwait: (call) => withMask(call, call.unsigned(4), () => epollWait(call, () => call.int(3))),
  epoll_pwait2: (call) => withMask(call, call.unsigned(4), () => epollWait(call, timeoutMsOf(call, 3))),
  eventfd: (call) => eventfd(call, 0),
  eventfd2: (call) => eventfd(call, call.int(1)),
};
