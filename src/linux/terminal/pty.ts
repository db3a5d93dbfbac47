import type { Allowance } from "../allowance.ts";
import { ByteQueue } from "../files/byte-queue.ts";
import { type Attributes, FileType, fixedStat, Inode, newFixedIno, type Stat } from "../vfs/index.ts";
import { INPUT_BYTES, LineDiscipline } from "./line-discipline.ts";
import { OutputProcessing } from "./output-processing.ts";
import { LocalFlag, newTermios, type Termios } from "./termios.ts";

/** Bytes written to the terminal that its other side has not read (tty_buffer_alloc's limit, drivers/tty/tty_buffer.c). */
const OUTPUT_BYTES = 65_536;
/** What one written byte can become on the screen: a tab. */
const SHOWN_BYTES_MAX = 8;
/** The other side's line discipline takes so much before it is read (N_TTY_BUF_SIZE). */
const DELIVERED_BYTES = 4096;
/** What one pair holds in all but its output: the line discipline's arrays of numbers and the objects. */
const PTY_BYTES = 2 * 8 * INPUT_BYTES + 4096;
/** Major number of the slaves (admin-guide/devices.txt), and the group that owns terminals on most systems. */
const SLAVE_MAJOR = 136;
const TTY_GROUP = 5;

/** Packet mode's marks (ioctl_tty(2), TIOCPKT). */
export const Packet = { data: 0, flushRead: 1, flushWrite: 2, stop: 4, start: 8 } as const;

/** The window's size in characters and pixels (`struct winsize`). */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
  readonly widthPixels: number;
  readonly heightPixels: number;
}

/** A pseudoterminal (pty(7)): the terminal that programs use, and the end of who plays its screen and keyboard. */
export class Pty {
  readonly number: number;
  readonly termios: Termios = newTermios();
  readonly input: LineDiscipline;
  readonly slave: SlaveInode;
  /** What the screen is to show. */
  readonly screen: ByteQueue;
  windowSize: WindowSize = { rows: 0, columns: 0, widthPixels: 0, heightPixels: 0 };
  /** unlockpt(3) was not called yet. */
  isLocked = true;
  isExclusive = false;
  isStopped = false;
  /** The master is gone: whoever has the terminal open reads its end. */
  isHungUp = false;
  isPacketMode = false;
  packetStatus = 0;
  masters = 0;
  slaves = 0;
  /** All slaves were closed after one was open. */
  areSlavesGone = false;
  /** The session it is the controlling terminal of, and that session's foreground process group. */
  session: number | undefined;
  foreground: number | undefined;
  readonly #output: OutputProcessing;
  /** What is to be shown of what is being typed. */
  #echoes: number[] = [];
  readonly #allowance: Allowance;

  /** @param signal sends a signal to the foreground process group */
  constructor(number: number, owner: { readonly uid: number }, allowance: Allowance, signal: (signal: number) => void) {
    allowance.charge(PTY_BYTES);
    this.number = number;
    this.#allowance = allowance;
    this.slave = new SlaveInode(this, owner.uid);
    this.screen = new ByteQueue(OUTPUT_BYTES, allowance);
    const output = new OutputProcessing(this.termios);
    this.#output = output;
    this.input = new LineDiscipline(this.termios, {
      echo: (bytes) => this.#echo(bytes),
      signal,
      stop: (stopped) => this.stop(stopped),
      flushOutput: () => this.flushOutput(),
      get column() {
        return output.column;
      },
    });
  }

  /** Echoes that find no room are lost, as on Linux: nobody waits for them. */
  #echo(bytes: readonly number[]): void {
    this.#allowance.work();
    if (this.#echoes.length >= this.screen.room) return;
    const shown = this.#output.process(Uint8Array.from(bytes));
    if (this.#echoes.length + shown.length <= this.screen.room) this.#echoes.push(...shown);
  }

  /** Takes what was typed. */
  type(bytes: Uint8Array): void {
    this.input.receive(bytes);
    this.screen.push(Uint8Array.from(this.#echoes));
    this.#echoes = [];
  }

  /** Takes what a program writes, as far as it fits once it is processed; returns how many of its bytes. */
  write(from: Uint8Array): number {
    let taken = 0;
    while (taken < from.length) {
      // So many fit whatever they are; the last ones have to be tried one by one.
      const certain = Math.min(Math.floor(this.screen.room / SHOWN_BYTES_MAX), from.length - taken);
      const part = from.subarray(taken, taken + Math.max(certain, 1));
      const { column } = this.#output;
      const shown = this.#output.process(part);
      if (shown.length > this.screen.room) {
        this.#output.column = column;
        break;
      }
      this.screen.push(Uint8Array.from(shown));
      taken += part.length;
    }
    return taken;
  }

  stop(stopped: boolean): void {
    if (this.isStopped === stopped) return;
    this.isStopped = stopped;
    this.tell(stopped ? Packet.stop : Packet.start);
  }

  /** Drops what was written, but for what its reader would have in a buffer of its own already, as on Linux. */
  flushOutput(): void {
    const kept = new Uint8Array(Math.min(this.screen.length, DELIVERED_BYTES));
    this.#echoes = [];
    this.screen.pull(kept);
    this.screen.clear();
    this.screen.push(kept);
    this.tell(Packet.flushWrite);
  }

  flushInput(): void {
    this.input.flush();
    this.tell(Packet.flushRead);
  }

  /** For packet mode. */
  tell(status: number): void {
    if (this.isPacketMode) this.packetStatus |= status;
  }

  get stopsBackground(): boolean {
    return (this.termios.local & LocalFlag.stopBackground) !== 0;
  }

  /** Neither side is open any more. */
  get isGone(): boolean {
    return this.masters === 0 && this.slaves === 0;
  }

  /** Gives back what it holds. */
  dispose(): void {
    this.screen.clear();
    this.#allowance.refund(PTY_BYTES);
  }
}

/** A slave's file in /dev/pts. */
export class SlaveInode extends Inode {
  override readonly type = FileType.characterDevice;
  readonly pty: Pty;
  #stat: Stat;

  constructor(pty: Pty, uid: number) {
    super();
    this.pty = pty;
    const stat = fixedStat(newFixedIno(), FileType.characterDevice | 0o620, 0);
    this.#stat = { ...stat, uid, gid: TTY_GROUP, rdev: (SLAVE_MAJOR << 8) | pty.number };
  }

  override stat(): Stat {
    return this.#stat;
  }

  override truncate(): void {}

  override setAttributes({ mode, uid, gid }: Attributes): void {
    const { mode: old } = this.#stat;
    this.#stat = {
      ...this.#stat,
      mode: mode === undefined ? old : (old & ~0o7777) | (mode & 0o7777),
      uid: uid ?? this.#stat.uid,
      gid: gid ?? this.#stat.gid,
    };
  }
}
