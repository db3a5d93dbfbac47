import { AnnexBytes, SystemPhysical } from "../../vmm/index.ts";
import { LinuxError } from "../errno.ts";
import type { Descriptors } from "../files/descriptors.ts";
import { DirectoryFile, InodeFile } from "../files/inode-file.ts";
import { Open, type OpenFile } from "../files/open-file.ts";
import type { KernelImage } from "../kernel/image.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../process/process.ts";
import type { Task } from "../process/task.ts";
import type { Call } from "../syscalls/call.ts";
import { numberOf } from "../syscalls/names.ts";
import { type Credentials, FileType, type Location } from "../vfs/index.ts";
import { ANNEX_CODE, annexDigest } from "./code.ts";
import { DescriptorFacts } from "./descriptor-facts.ts";
import { isHarmless } from "./harmless.ts";
import { DESCRIPTORS, Facts, LOG_ENTRIES, State } from "./layout.ts";
import { PathFacts } from "./path-facts.ts";

const READ = numberOf("read");
const PREAD = numberOf("pread64");
const CLOSE = numberOf("close");
const FCNTL = numberOf("fcntl");
const LSEEK = numberOf("lseek");
const STATS: ReadonlySet<number> = new Set((["newfstatat", "stat", "lstat"] as const).map(numberOf));

/** Commands of fcntl (linux/fcntl.h). */
const F_DUPFD = 0;
const F_SETFD = 2;
const F_DUPFD_CLOEXEC = 1030;

/**
 * Our side of the annex (guest/annex): tells it what it may answer with, and takes over what it did. All that it is told is
 * one process's, the owner's, and is forgotten at the first call that might make it untrue. What comes back is a log of calls
 * that the program could have made: it is replayed through the ordinary handlers before anything else happens, and decides
 * nothing else.
 */
export class Annex {
  readonly #kernel: Kernel;
  readonly #isInstalled: boolean;
  readonly #files: DescriptorFacts;
  readonly #paths: PathFacts;
  /** Calls are answered inside. What the annex is told of descriptors does not depend on it: a traced run reads the same. */
  #isWanted = false;
  #logLimit = 0;
  /** So many entries there may be since the log was looked at last: the highest limit that the guest ran under. */
  #entriesMax = 0;
  /** Nothing is in the log: the guest has not run since it was looked at. */
  #isSettled = true;
  /** Whose log it is: the task that ran last. */
  #task: Task | undefined;
  /** Whose descriptors and names the annex knows. */
  #owner: Process | undefined;
  /** Whose process ran last, and may have left something of itself in the annex's state. */
  #user: Credentials | undefined;

  /** Puts the code into the machine, unless an image brought it along. */
  constructor(kernel: Kernel, image?: KernelImage) {
    this.#kernel = kernel;
    this.#isInstalled = image ? image.annex === annexDigest : kernel.machine.installAnnex(ANNEX_CODE);
    this.#files = new DescriptorFacts(kernel.machine.memory);
    this.#paths = new PathFacts(kernel.machine.memory, () => kernel.vfs);
    if (this.#isInstalled) this.#write(Facts.logLimit, 0);
  }

  /** Of the code that system calls land in; undefined where there is none. */
  get digest(): string | undefined {
    return this.#isInstalled ? annexDigest : undefined;
  }

  /** Called with the task that is about to run. */
  prepare(task: Task): void {
    if (!this.#isInstalled) return;
    if (task !== this.#task) this.#enter(task);
    // Who watches files is told of each call; who traces a run sees them.
    this.#isWanted = this.#kernel.vfs.observer === undefined && this.#kernel.tracer?.isTelling !== true;
    const limit = this.#isWanted ? this.#callsUntilDue() : 0;
    if (limit !== this.#logLimit) this.#limitLog(limit);
    this.#entriesMax = this.#isSettled ? limit : Math.max(this.#entriesMax, limit);
    // After an interruption what the annex did is not taken over yet, and must stay.
    if (this.#isSettled && task.process === this.#owner) this.#publish(task.process.files);
    this.#isSettled = false;
  }

  /** Takes over what the annex did since it was asked last. */
  settle(): void {
    if (!this.#isInstalled) return;
    this.#isSettled = true;
    const { words } = this.#kernel.machine.memory;
    const claimed = words[State.logCount / 4];
    if (claimed === 0) return;
    words[State.logCount / 4] = 0;
    // What is beyond, the annex did not write.
    const count = Math.min(claimed, this.#entriesMax);
    const task = this.#task;
    if (task === undefined || count === 0) return;
    // A copy: what is in the guest is not looked at twice.
    const log = words.slice(State.log / 4, State.log / 4 + 2 * count);
    if (task.process === this.#owner) this.#files.takePositions();
    for (let i = 0; i < log.length; i += 2) this.#answered(task, log[i] >>> 16, log[i] & 0xffff, log[i + 1]);
  }

  /** A call is about to be answered by its handler. */
  beforeCall(call: Call): void {
    if (!this.#isInstalled) return;
    this.settle();
    if (!isHarmless(call)) {
      this.forget();
      return;
    }
    if (this.#owner === undefined) return;
    const isOwner = call.process === this.#owner;
    const descriptor = call.int(0);
    if (call.number === CLOSE) {
      if (isOwner) this.#forgetDescriptor(descriptor);
      else if (call.process.files === this.#owner.files) this.forget();
    } else if (isOwner && (call.number === READ || call.number === PREAD)) this.#files.noteRead(descriptor);
    else if (call.number === LSEEK) this.#files.moved();
  }

  /** Forgets all that the annex was told. */
  forget(): void {
    this.settle();
    // Who asks may be another from now on, so that is told anew as well.
    this.#task = undefined;
    if (this.#owner === undefined) return;
    this.#owner = undefined;
    this.#files.clear();
    this.#paths.clear();
  }

  /** The process has opened a file. */
  opened(process: Process, descriptor: number, file: OpenFile): void {
    if (!this.#isInstalled || descriptor >= DESCRIPTORS || file.references !== 1) return;
    // Closing a file gives up locks, which others may wait for.
    if (this.#kernel.openFiles.locks.isUsed) return;
    const isPlain = file instanceof DirectoryFile || file.constructor === InodeFile;
    if (!isPlain || (file.flags & (Open.accessMode | Open.path)) !== 0) return;
    const { inode } = file.location as Location;
    if (!inode.isStill || (inode.type !== FileType.regular && inode.type !== FileType.directory)) return;
    this.#own(process);
    this.#forgetDescriptor(descriptor);
    this.#files.add(descriptor, file, inode);
  }

  /** A descriptor has become another's duplicate. */
  duplicated(process: Process, descriptor: number, copy: number): void {
    if (process !== this.#owner || copy >= DESCRIPTORS) return;
    this.#forgetDescriptor(copy);
    const file = process.files.peek(copy);
    if (file instanceof DirectoryFile && this.#files.has(descriptor)) this.#files.add(copy, file, file.location.inode);
  }

  /** An open directory has been read to its end. */
  listed(process: Process, descriptor: number): void {
    if (process === this.#owner) this.#files.setAtEnd(descriptor);
  }

  /**
   * The process asked for the attributes of what has this path.
   * @param directory what the path starts from: a descriptor, or AT_FDCWD
   */
  looked(process: Process, directory: number, path: string, location: Location): void {
    if (!this.#isInstalled) return;
    if (directory >= 0 && (process !== this.#owner || !this.#files.has(directory))) return;
    this.#own(process);
    if (this.#isWanted) this.#paths.looked(directory, path, location, process.credentials);
  }

  /** All that a call leaves behind when the host answers it: which of both answered is not for the run to know. */
  #answered(task: Task, number: number, descriptor: number, argument: number): void {
    const { diagnostics, clock, tracer } = this.#kernel;
    diagnostics.syscalls++;
    clock.tick();
    if (clock.isVirtual) task.process.cpuMs += clock.takeSpentMs();
    tracer?.answeredInside(number);
    const isOwner = task.process === this.#owner;
    if ((number === READ || number === PREAD) && isOwner) this.#files.noteRead(descriptor);
    else if (STATS.has(number) && argument > 0 && isOwner) this.#paths.asked(argument - 1);
    else if (number === CLOSE || number === FCNTL) this.#replay(task.process, number, descriptor, argument);
  }

  /** A call that changes descriptors. In a log that was forged there may be one that fails, or that changes the owner's. */
  #replay(process: Process, number: number, descriptor: number, argument: number): void {
    if (process !== this.#owner && process.files === this.#owner?.files) this.forget();
    try {
      if (number === FCNTL) this.#control(process, descriptor, argument & 0xffff, argument >>> 16);
      else {
        if (process === this.#owner) this.#forgetDescriptor(descriptor);
        process.files.close(descriptor);
      }
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
    }
  }

  #control(process: Process, descriptor: number, command: number, value: number): void {
    const { files } = process;
    const file = files.get(descriptor);
    if (command === F_SETFD) files.setCloseOnExec(descriptor, (value & 1) !== 0);
    const isDuplicate = command === F_DUPFD || command === F_DUPFD_CLOEXEC;
    if (!isDuplicate || !(file instanceof DirectoryFile)) return;
    this.duplicated(process, descriptor, files.install(file, command === F_DUPFD_CLOEXEC, value));
  }

  /** What the annex is told of a descriptor is of the file that the descriptor is, whatever came before. */
  #publish(files: Descriptors): void {
    for (const descriptor of this.#files.changed(files)) this.#forgetDescriptor(descriptor);
    this.#files.publish(files);
  }

  #forgetDescriptor(descriptor: number): void {
    if (!this.#files.has(descriptor)) return;
    this.#files.drop(descriptor);
    this.#paths.dropDirectory(descriptor);
  }

  #own(process: Process): void {
    if (this.#owner === process) return;
    this.forget();
    this.#owner = process;
  }

  #enter(task: Task): void {
    this.settle();
    const { process } = task;
    if (this.#user === undefined || !isSameUser(this.#user, process.credentials)) this.#empty();
    this.#user = process.credentials;
    this.#task = task;
    const { user, group } = process.identity;
    const identity = [process.pid, task.tid, user.real, user.effective, group.real, group.effective];
    identity.forEach((id, i) => {
      this.#write(Facts.identity + 4 * i, id);
    });
    const isOwner = process === this.#owner;
    this.#paths.show(isOwner);
    if (!isOwner) this.#files.hide();
  }

  /** Leaves nothing in the guest of whoever ran: what the annex was told, and what it and the program wrote there. */
  #empty(): void {
    this.forget();
    const { memory } = this.#kernel.machine;
    memory.bytes.fill(0, SystemPhysical.annexState, SystemPhysical.annexState + AnnexBytes.state);
    memory.markWritten(SystemPhysical.annexState, AnnexBytes.state);
  }

  /** What is due at a counted time is due at that very call, whether it leaves the guest or not; timers may be at any. */
  #callsUntilDue(): number {
    const { clock, timers, scheduler } = this.#kernel;
    if (!clock.isVirtual) return LOG_ENTRIES;
    return timers.size > 0 ? 0 : clock.callsBefore(scheduler.dueMs, LOG_ENTRIES);
  }

  #limitLog(limit: number): void {
    this.#logLimit = limit;
    this.#write(Facts.logLimit, limit);
  }

  #write(physical: number, value: number): void {
    const { memory } = this.#kernel.machine;
    memory.words[physical / 4] = value;
    memory.markWritten(physical, 4);
  }
}

function isSameUser(a: Credentials, b: Credentials): boolean {
  return a.uid === b.uid && a.gid === b.gid && a.groups.join() === b.groups.join();
}
