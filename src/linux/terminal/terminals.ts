import { fail } from "../errno.ts";
import type { OpenFile } from "../files/open-file.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../process/process.ts";
import { ignores, send } from "../signals/delivery.ts";
import { bit, SiCode, Signal } from "../signals/signals.ts";
import { type Inode, type Location, SyntheticDirectory, type TerminalDevice } from "../vfs/index.ts";
import { Pty, type SlaveInode } from "./pty.ts";
import { O_NOCTTY, PtyMaster, PtySlave } from "./terminal-files.ts";

/** Most pseudoterminals at once; Linux's own bound is 4,096 (kernel.pty.max), each is two open files here. */
const PTYS_MAX = 256;

/** The terminals of a run, whose they are, and job control (credentials(7), "Session"; tty_ioctl(4)). */
export class Terminals {
  readonly #kernel: Kernel;
  readonly #ptys = new Map<number, Pty>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** What is mounted at /dev/pts. */
  directory(): Inode {
    const get = (name: string): Inode | undefined => {
      if (name === "ptmx") return this.#kernel.vfs.resolveFromRoot("/dev/ptmx").inode;
      return /^(0|[1-9]\d{0,3})$/.test(name) ? this.#ptys.get(Number(name))?.slave : undefined;
    };
    return new SyntheticDirectory({ get, names: () => ["ptmx", ...Array.from(this.#ptys.keys(), String)] }, 0o755);
  }

  controlling({ session }: Process): Pty | undefined {
    for (const pty of this.#ptys.values()) if (pty.session === session) return pty;
    return undefined;
  }

  // --- opening and closing ---

  /** Opens /dev/ptmx or /dev/tty: ENOSPC, ENXIO. */
  openDevice(device: TerminalDevice, location: Location, flags: number): OpenFile {
    if (device === "multiplexer") return this.#openMaster(location, flags);
    const pty = this.controlling(this.#caller) ?? fail("ENXIO");
    return new PtySlave(this, pty, location, flags);
  }

  #openMaster(location: Location, flags: number): OpenFile {
    let number = 0;
    while (this.#ptys.has(number)) number++;
    if (number >= PTYS_MAX) fail("ENOSPC");
    const owner = { uid: this.#caller.credentials.uid };
    const pty: Pty = new Pty(number, owner, this.#kernel.allowance, (signal) => this.signalForeground(pty, signal));
    this.#ptys.set(number, pty);
    return new PtyMaster(this, pty, location, flags);
  }

  /** Opens a slave; one that belongs to nobody becomes the controlling terminal of a session that has none: EIO, EBUSY. */
  openSlave(inode: SlaveInode, location: Location, flags: number): OpenFile {
    const { pty } = inode;
    if (pty.isLocked || pty.isHungUp || pty.masters === 0) fail("EIO");
    const caller = this.#caller;
    if (pty.isExclusive && caller.identity.user.effective !== 0) fail("EBUSY");
    const file = new PtySlave(this, pty, location, flags);
    const isLeader = caller.session === caller.pid;
    if ((flags & O_NOCTTY) === 0 && isLeader && pty.session === undefined && this.controlling(caller) === undefined)
      this.own(pty, caller);
    return file;
  }

  /** Where a slave's file is, for an open that goes by its master (TIOCGPTPEER). */
  locate(pty: Pty): Location {
    return this.#kernel.vfs.resolveFromRoot(`/dev/pts/${pty.number}`);
  }

  slaveClosed(pty: Pty): void {
    pty.slaves--;
    if (pty.slaves === 0) pty.areSlavesGone = true;
    this.#forget(pty);
  }

  masterClosed(pty: Pty): void {
    pty.masters--;
    if (pty.masters === 0) this.#hangUp(pty);
    this.#forget(pty);
  }

  #forget(pty: Pty): void {
    // Its number is free as soon as nobody plays its screen (pts(4)).
    if (pty.masters === 0 && this.#ptys.get(pty.number) === pty) this.#ptys.delete(pty.number);
    if (pty.isGone) pty.dispose();
  }

  // --- sessions and job control ---

  get #caller(): Process {
    return this.#kernel.caller ?? fail("ENXIO");
  }

  /** Makes it the controlling terminal of the session that `leader` leads. */
  own(pty: Pty, leader: Process): void {
    pty.session = leader.session;
    pty.foreground = leader.processGroup;
  }

  /** The session has no controlling terminal any more; its foreground is told (tty_ioctl(4), TIOCNOTTY). */
  disown(pty: Pty): void {
    this.signalForeground(pty, Signal.SIGHUP);
    this.signalForeground(pty, Signal.SIGCONT);
    pty.session = undefined;
    pty.foreground = undefined;
  }

  /** A session's leader ends: its terminal is nobody's, and who is in its foreground is told (setsid(2)). */
  leaderEnded(leader: Process): void {
    const pty = leader.pid === leader.session ? this.controlling(leader) : undefined;
    if (pty === undefined) return;
    this.signalForeground(pty, Signal.SIGHUP);
    pty.session = undefined;
    pty.foreground = undefined;
  }

  #hangUp(pty: Pty): void {
    pty.isHungUp = true;
    const leader = pty.session === undefined ? undefined : this.#kernel.processes.get(pty.session);
    if (leader !== undefined) {
      this.#signal(leader, Signal.SIGHUP);
      this.#signal(leader, Signal.SIGCONT);
    }
    pty.session = undefined;
    pty.foreground = undefined;
  }

  signalForeground(pty: Pty, signal: number): void {
    if (pty.foreground !== undefined) this.#signalGroup(pty.foreground, signal);
  }

  #signalGroup(group: number, signal: number): void {
    for (const process of this.#kernel.processes.values())
      if (process.processGroup === group) this.#signal(process, signal);
  }

  #signal(process: Process, signal: number): void {
    send(process, { signal, code: SiCode.kernel });
  }

  #isInBackground(pty: Pty): boolean {
    const caller = this.#caller;
    return pty.session === caller.session && pty.foreground !== undefined && pty.foreground !== caller.processGroup;
  }

  /** Whether the caller must not read, being in the background, and was told so: EIO when it cannot be (termios(3)). */
  stopsReader(pty: Pty): boolean {
    if (!this.#isInBackground(pty)) return false;
    if (this.#turnsAway(Signal.SIGTTIN) || this.#isOrphaned(this.#caller)) fail("EIO");
    this.#signalGroup(this.#caller.processGroup, Signal.SIGTTIN);
    return true;
  }

  /** The same for changing the terminal, which who ignores the signal may: EIO. */
  stopsChange(pty: Pty): boolean {
    if (!this.#isInBackground(pty) || this.#turnsAway(Signal.SIGTTOU)) return false;
    if (this.#isOrphaned(this.#caller)) fail("EIO");
    this.#signalGroup(this.#caller.processGroup, Signal.SIGTTOU);
    return true;
  }

  /** Whether the caller blocks or ignores the signal. */
  #turnsAway(signal: number): boolean {
    const mask = this.#kernel.callingTask?.signalMask ?? 0n;
    return (mask & bit(signal)) !== 0n || ignores(this.#caller, signal);
  }

  /** Nobody of its session, outside its group, could make it go on: such groups are not stopped (setpgid(2)). */
  #isOrphaned({ processGroup, session }: Process): boolean {
    for (const process of this.#kernel.processes.values()) {
      if (process.processGroup !== processGroup || process.exit !== undefined) continue;
      const { parent } = process;
      if (parent !== undefined && parent.session === session && parent.processGroup !== processGroup) return false;
    }
    return true;
  }
}
