import { fail } from "../errno.ts";
import { Open } from "../files/open-file.ts";
import type { Process } from "../process/process.ts";
import { Signal } from "../signals/signals.ts";
import type { Call } from "../syscalls/call.ts";
import type { Pty } from "./pty.ts";
import { PtyMaster, type TerminalFile } from "./terminal-files.ts";
import { decodeTermios, encodeTermios, LocalFlag, TERMIOS_BYTES, TERMIOS2_BYTES } from "./termios.ts";

/** Requests of terminals (asm-generic/ioctls.h; ioctl_tty(2)). */
const Request = {
  getTermios: 0x5401,
  setTermios: 0x5402,
  setTermiosDrained: 0x5403,
  setTermiosFlushed: 0x5404,
  sendBreak: 0x5409,
  flow: 0x540a,
  flush: 0x540b,
  exclusive: 0x540c,
  shared: 0x540d,
  setControlling: 0x540e,
  getForeground: 0x540f,
  setForeground: 0x5410,
  outputQueue: 0x5411,
  type: 0x5412,
  getWindowSize: 0x5413,
  setWindowSize: 0x5414,
  packetMode: 0x5420,
  leaveControlling: 0x5422,
  getDiscipline: 0x5424,
  drain: 0x5425,
  getSession: 0x5429,
  openPeer: 0x5441,
  getTermios2: 0x802c_542a,
  setTermios2: 0x402c_542b,
  setTermios2Drained: 0x402c_542c,
  setTermios2Flushed: 0x402c_542d,
  getNumber: 0x8004_5430,
  setLock: 0x4004_5431,
  signal: 0x4004_5436,
  isPacketMode: 0x8004_5438,
  isLocked: 0x8004_5439,
  isExclusive: 0x8004_5440,
} as const;

/** Answers a terminal's ioctl: ENOTTY for what is none of its requests, EIO after a hang-up. */
export function controlTerminal(call: Call, file: TerminalFile): number {
  const isMaster = file instanceof PtyMaster;
  if (!isMaster && file.pty.isHungUp) fail(call.uint(1) === Request.setForeground ? "ENOTTY" : "EIO");
  return (
    settings(call, file.pty) ?? jobControl(call, file.pty, isMaster) ?? (isMaster ? master(call, file) : fail("ENOTTY"))
  );
}

const argument = (call: Call): number => call.unsigned(2);

function tell(call: Call, value: number): number {
  call.memory.writeU32(argument(call), value);
  return 0;
}

/** Modes, queues and the window's size. */
function settings(call: Call, pty: Pty): number | undefined {
  switch (call.uint(1)) {
    case Request.getTermios:
      call.memory.write(argument(call), encodeTermios(pty.termios, TERMIOS_BYTES));
      return 0;
    case Request.getTermios2:
      call.memory.write(argument(call), encodeTermios(pty.termios, TERMIOS2_BYTES));
      return 0;
    case Request.setTermios:
    case Request.setTermiosDrained:
      return change(call, pty, TERMIOS_BYTES, false);
    case Request.setTermios2:
    case Request.setTermios2Drained:
      return change(call, pty, TERMIOS2_BYTES, false);
    case Request.setTermiosFlushed:
      return change(call, pty, TERMIOS_BYTES, true);
    case Request.setTermios2Flushed:
      return change(call, pty, TERMIOS2_BYTES, true);
    case Request.getWindowSize: {
      const { rows, columns, widthPixels, heightPixels } = pty.windowSize;
      call.memory.write(argument(call), Buffer.from(Uint16Array.of(rows, columns, widthPixels, heightPixels).buffer));
      return 0;
    }
    case Request.setWindowSize:
      return resize(call, pty);
    case Request.flush:
      return flush(call, pty);
    case Request.flow:
      return flow(call, pty);
    case Request.outputQueue:
      return tell(call, pty.screen.length);
    case Request.sendBreak:
    case Request.drain:
      return 0;
    case Request.getDiscipline:
      return tell(call, 0);
    case Request.exclusive:
    case Request.shared:
      pty.isExclusive = call.uint(1) === Request.exclusive;
      return 0;
    case Request.isExclusive:
      return tell(call, Number(pty.isExclusive));
    // Typing on somebody's behalf is how programs were made to run commands after they ended (dev.tty.legacy_tiocsti 0).
    case Request.type:
      return fail("EIO");
    default:
      return undefined;
  }
}

function change(call: Call, pty: Pty, size: number, flushes: boolean): number {
  const bytes = call.memory.read(argument(call), size);
  if (call.kernel.terminals.stopsChange(pty)) return call.block(() => true);
  const wasCanonical = (pty.termios.local & LocalFlag.canonical) !== 0;
  if (flushes) pty.flushInput();
  decodeTermios(bytes, pty.termios);
  pty.input.settingsChanged(wasCanonical);
  return 0;
}

function resize(call: Call, pty: Pty): number {
  const bytes = call.memory.read(argument(call), 8);
  const [rows, columns, widthPixels, heightPixels] = [0, 2, 4, 6].map((at) => bytes.readUInt16LE(at));
  const old = pty.windowSize;
  pty.windowSize = { rows, columns, widthPixels, heightPixels };
  const isChanged = [rows, columns, widthPixels, heightPixels].some((value, i) => value !== Object.values(old)[i]);
  if (isChanged) call.kernel.terminals.signalForeground(pty, Signal.SIGWINCH);
  return 0;
}

/** tcflush(3): what was typed (0), what was written (1), both (2). */
function flush(call: Call, pty: Pty): number {
  const queues = call.int(2);
  if (queues < 0 || queues > 2) fail("EINVAL");
  if (call.kernel.terminals.stopsChange(pty)) return call.block(() => true);
  if (queues !== 1) pty.flushInput();
  if (queues !== 0) pty.flushOutput();
  return 0;
}

/** tcflow(3): output off (0) and on (1); input is nothing a terminal of memory could hold back. */
function flow(call: Call, pty: Pty): number {
  const action = call.int(2);
  if (action < 0 || action > 3) fail("EINVAL");
  if (call.kernel.terminals.stopsChange(pty)) return call.block(() => true);
  if (action < 2) pty.stop(action === 0);
  return 0;
}

/** Whose terminal it is, and who is in its foreground. */
function jobControl(call: Call, pty: Pty, isMaster: boolean): number | undefined {
  const { terminals } = call.kernel;
  const isOwn = terminals.controlling(call.process) === pty;
  switch (call.uint(1)) {
    case Request.setControlling:
      return takeControlling(call, pty);
    case Request.leaveControlling:
      if (!isOwn) fail("ENOTTY");
      if (call.process.pid === call.process.session) terminals.disown(pty);
      return 0;
    case Request.getForeground:
      return isOwn || isMaster ? tell(call, pty.foreground ?? 0) : fail("ENOTTY");
    case Request.getSession:
      if (!isOwn && !isMaster) fail("ENOTTY");
      return tell(call, pty.session ?? fail("ENOTTY"));
    case Request.setForeground: {
      const group = call.memory.readI32(argument(call));
      if (terminals.stopsChange(pty)) return call.block(() => true);
      if (!isOwn) fail("ENOTTY");
      if (group < 0) fail("EINVAL");
      const { processes } = call.kernel;
      const isMember = ({ processGroup }: Process): boolean => processGroup === group;
      const member = [...processes.values()].find(isMember) ?? processes.get(group) ?? fail("ESRCH");
      if (member.session !== pty.session) fail("EPERM");
      pty.foreground = group;
      return 0;
    }
    default:
      return undefined;
  }
}

/** TIOCSCTTY: EPERM for who leads no session, has a terminal already, or would take another session's without force. */
function takeControlling(call: Call, pty: Pty): number {
  const { process, kernel } = call;
  const { terminals } = kernel;
  const isLeader = process.pid === process.session;
  if (isLeader && pty.session === process.session) return 0;
  if (!isLeader || terminals.controlling(process) !== undefined) fail("EPERM");
  if (pty.session !== undefined && !(call.int(2) === 1 && process.identity.user.effective === 0)) fail("EPERM");
  terminals.own(pty, process);
  return 0;
}

/** What only the side with the keyboard is asked. */
function master(call: Call, file: TerminalFile): number {
  const { pty } = file;
  switch (call.uint(1)) {
    case Request.getNumber:
      return tell(call, pty.number);
    case Request.setLock:
      pty.isLocked = call.memory.readI32(argument(call)) !== 0;
      return 0;
    case Request.isLocked:
      return tell(call, Number(pty.isLocked));
    case Request.packetMode:
      pty.isPacketMode = call.memory.readI32(argument(call)) !== 0;
      pty.packetStatus = 0;
      return 0;
    case Request.isPacketMode:
      return tell(call, Number(pty.isPacketMode));
    case Request.signal: {
      const signals: readonly number[] = [Signal.SIGINT, Signal.SIGQUIT, Signal.SIGTSTP];
      if (!signals.includes(call.int(2))) fail("EINVAL");
      call.kernel.terminals.signalForeground(pty, call.int(2));
      return 0;
    }
    case Request.openPeer: {
      const location = call.kernel.terminals.locate(pty);
      const flags = call.int(2);
      const slave = call.kernel.terminals.openSlave(pty.slave, location, flags & ~Open.closeOnExec);
      return call.process.files.install(slave, (flags & Open.closeOnExec) !== 0);
    }
    default:
      return fail("ENOTTY");
  }
}
