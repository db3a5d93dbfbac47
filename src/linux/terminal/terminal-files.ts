import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { OpenFile, Poll } from "../files/open-file.ts";
import type { Location, Stat } from "../vfs/index.ts";
import { Packet, type Pty } from "./pty.ts";
import type { Terminals } from "./terminals.ts";
import { Control, LocalFlag } from "./termios.ts";

/** "Do not make it my controlling terminal": asked of the opening alone (open(2)). */
export const O_NOCTTY = 0o400;
/** VTIME counts tenths of a second (termios(3)). */
const TENTH_MS = 100;

/** Either side of a pseudoterminal, open. */
export abstract class TerminalFile extends OpenFile {
  readonly pty: Pty;
  override readonly location: Location;
  protected readonly terminals: Terminals;

  constructor(terminals: Terminals, pty: Pty, location: Location, flags: number) {
    super(flags & ~O_NOCTTY, location);
    this.terminals = terminals;
    this.pty = pty;
    this.location = location;
  }

  get label(): string {
    return this.location.name;
  }

  override stat(): Stat {
    return this.location.inode.stat();
  }
}

/** The side of who plays the keyboard and the screen. */
export class PtyMaster extends TerminalFile {
  constructor(terminals: Terminals, pty: Pty, location: Location, flags: number) {
    super(terminals, pty, location, flags);
    pty.masters++;
  }

  override read(into: Uint8Array): number {
    const { pty } = this;
    if (into.length === 0) return 0;
    if (pty.isPacketMode) return this.#readPacket(into);
    if (pty.screen.length > 0) return pty.screen.pull(into);
    return pty.areSlavesGone ? fail("EIO") : BLOCKED;
  }

  #readPacket(into: Uint8Array): number {
    const { pty } = this;
    if (pty.packetStatus !== 0) {
      into[0] = pty.packetStatus;
      pty.packetStatus = 0;
      return 1;
    }
    if (pty.screen.length === 0) return pty.areSlavesGone ? fail("EIO") : BLOCKED;
    into[0] = Packet.data;
    return 1 + pty.screen.pull(into.subarray(1));
  }

  override canTake(): boolean {
    return this.pty.input.room > 0;
  }

  override write(from: Uint8Array): number {
    const room = this.pty.input.room;
    if (room === 0) return BLOCKED;
    const part = from.subarray(0, room);
    this.pty.type(part);
    return part.length;
  }

  override get readableBytes(): number {
    return this.pty.screen.length;
  }

  override activity(events: number): number {
    return (events & Poll.in) !== 0 ? this.pty.screen.arrivals : 0;
  }

  override poll(): number {
    const { pty } = this;
    let events = 0;
    if (pty.screen.length > 0 || pty.packetStatus !== 0) events |= Poll.in | Poll.rdNorm;
    if (pty.packetStatus !== 0) events |= Poll.pri;
    if (pty.areSlavesGone) events |= Poll.hup;
    if (pty.input.room > 0) events |= Poll.out | Poll.wrNorm;
    return events;
  }

  protected override closed(): void {
    this.terminals.masterClosed(this.pty);
  }
}

/** A terminal as programs have it. */
export class PtySlave extends TerminalFile {
  constructor(terminals: Terminals, pty: Pty, location: Location, flags: number) {
    super(terminals, pty, location, flags);
    pty.slaves++;
    pty.areSlavesGone = false;
  }

  override read(into: Uint8Array): number {
    const { pty } = this;
    if (pty.isHungUp) return 0;
    if (this.terminals.stopsReader(pty)) return BLOCKED;
    return into.length === 0 ? 0 : pty.input.read(into);
  }

  /** How long a read without any byte waits (VMIN 0, VTIME). */
  override get readTimeoutMs(): number | undefined {
    const { local, characters } = this.pty.termios;
    const isTimed = (local & LocalFlag.canonical) === 0 && characters[Control.minimum] === 0;
    return isTimed && characters[Control.time] > 0 ? characters[Control.time] * TENTH_MS : undefined;
  }

  override canTake(): boolean {
    const { pty } = this;
    return pty.isHungUp || (!pty.isStopped && pty.screen.room > 1);
  }

  override write(from: Uint8Array): number {
    const { pty } = this;
    if (pty.isHungUp) fail("EIO");
    if (pty.stopsBackground && this.terminals.stopsChange(pty)) return BLOCKED;
    if (pty.isStopped) return BLOCKED;
    const count = pty.write(from);
    return count === 0 && from.length > 0 ? BLOCKED : count;
  }

  override get readableBytes(): number {
    return this.pty.input.readable;
  }

  override activity(events: number): number {
    return (events & Poll.in) !== 0 ? this.pty.input.arrivals : 0;
  }

  override poll(): number {
    const { pty } = this;
    if (pty.isHungUp) return Poll.in | Poll.out | Poll.rdNorm | Poll.wrNorm | Poll.err | Poll.hup;
    const readable = pty.input.isReadable ? Poll.in | Poll.rdNorm : 0;
    return readable | (this.canTake() ? Poll.out | Poll.wrNorm : 0);
  }

  protected override closed(): void {
    this.terminals.slaveClosed(this.pty);
  }
}
