import type { Allowance } from "../allowance.ts";
import { fail } from "../errno.ts";
import type { Stat } from "../vfs/index.ts";
import { anonymousStat, Open, OpenFile, Poll } from "./open-file.ts";

const EPOLLONESHOT = 1 << 30;
const EPOLLET = 2 ** 31;
const EVENT_BITS = 0x3fff;
/** Descriptors one epoll instance may watch: what a process may have open. */
const WATCHES_MAX = 4096;
/** What a watch counts as memory (struct epitem and its wait queue entry, fs/eventpoll.c; more in a Map). */
const WATCH_BYTES = 256;
/** Epoll instances that may watch each other in a row (EP_MAX_NESTS, fs/eventpoll.c). */
const NESTING_MAX = 4;

interface Interest {
  readonly events: number;
  readonly data: bigint;
}

interface Watch {
  readonly file: OpenFile;
  interest: Interest;
  armed: boolean;
  /** What was last reported; edge-triggered watches report only what is new since. */
  reported: number;
  /** The file's count of events when it was last reported. */
  activity: number;
}

/** How many instances the longest chain from here along `next` has, and which they are; chains have no circles. */
function depth(
  from: EpollFile,
  next: (epoll: EpollFile) => readonly EpollFile[],
  seen = new Map<EpollFile, number>(),
): { readonly depth: number; readonly seen: ReadonlyMap<EpollFile, number> } {
  let longest = 0;
  for (const epoll of next(from)) {
    longest = Math.max(longest, seen.get(epoll) ?? depth(epoll, next, seen).depth);
  }
  seen.set(from, longest + 1);
  return { depth: longest + 1, seen };
}

/** An epoll instance (epoll(7)). Readiness is asked of each watched file when needed. */
export class EpollFile extends OpenFile {
  readonly label = "anon_inode:[eventpoll]";
  readonly #watches = new Map<number, Watch>();
  /** Epoll instances that watch this one. */
  readonly #watchers = new Set<EpollFile>();

  readonly #allowance: Allowance;

  constructor(allowance: Allowance) {
    super(Open.readWrite);
    this.#allowance = allowance;
  }

  override stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  add(descriptor: number, file: OpenFile, interest: Interest): void {
    this.#dropClosed();
    if (this.#watches.get(descriptor)?.file === file) fail("EEXIST");
    if (this.#watches.size >= WATCHES_MAX) fail("ENOSPC");
    if (file instanceof EpollFile) file.#watchBy(this);
    if (!this.#watches.has(descriptor)) this.#allowance.charge(WATCH_BYTES);
    this.#watches.set(descriptor, { file, interest, armed: true, reported: 0, activity: 0 });
  }

  /** ELOOP when instances would come to watch each other in a circle, or too many in a row: asking one asks all below. */
  #watchBy(watcher: EpollFile): void {
    const below = depth(this, (epoll) => epoll.#nested());
    const above = depth(watcher, (epoll) => [...epoll.#watchers].filter((one) => one.references > 0));
    if (below.seen.has(watcher) || below.depth + above.depth > NESTING_MAX + 1) fail("ELOOP");
    this.#watchers.add(watcher);
  }

  #nested(): EpollFile[] {
    return [...this.#watches.values()].map((watch) => watch.file).filter((file) => file instanceof EpollFile);
  }

  modify(descriptor: number, file: OpenFile, interest: Interest): void {
    const watch = this.#watches.get(descriptor);
    if (watch?.file !== file) fail("ENOENT");
    watch.interest = interest;
    watch.armed = true;
    watch.reported = 0;
  }

  remove(descriptor: number, file: OpenFile): void {
    if (this.#watches.get(descriptor)?.file !== file) fail("ENOENT");
    this.#drop(descriptor);
    if (file instanceof EpollFile && !this.#nested().includes(file)) file.#watchers.delete(this);
  }

  /** A file whose last descriptor is closed leaves by itself. */
  #dropClosed(): void {
    for (const [descriptor, watch] of this.#watches) if (watch.file.references === 0) this.#drop(descriptor);
  }

  #drop(descriptor: number): void {
    if (this.#watches.delete(descriptor)) this.#allowance.refund(WATCH_BYTES);
  }

  protected override closed(): void {
    for (const { file } of this.#watches.values()) if (file instanceof EpollFile) file.#watchers.delete(this);
    this.#allowance.refund(this.#watches.size * WATCH_BYTES);
    this.#watches.clear();
  }

  #eventsOf(watch: Watch): number {
    // Instances that watch instances multiply.
    this.#allowance.work();
    if (!watch.armed) return 0;
    return watch.file.poll() & ((watch.interest.events & EVENT_BITS) | Poll.err | Poll.hup);
  }

  #isNews(watch: Watch, now: number): boolean {
    if (now === 0 || watch.interest.events < EPOLLET) return now !== 0;
    return (now & ~watch.reported) !== 0 || watch.file.activity(watch.interest.events) !== watch.activity;
  }

  hasReady(): boolean {
    for (const watch of this.#watches.values()) {
      const now = this.#eventsOf(watch);
      if (this.#isNews(watch, now)) return true;
      // An edge needs a change: what is gone may come again.
      watch.reported &= now;
    }
    return false;
  }

  /** Up to `most` ready watches; moves them to the end so that all get their turn. */
  collect(most: number): Interest[] {
    this.#dropClosed();
    const ready: Interest[] = [];
    for (const [descriptor, watch] of [...this.#watches]) {
      if (ready.length >= most) break;
      const now = this.#eventsOf(watch);
      const news = this.#isNews(watch, now);
      watch.reported = now;
      watch.activity = watch.file.activity(watch.interest.events);
      if (!news) continue;
      ready.push({ events: now, data: watch.interest.data });
      if ((watch.interest.events & EPOLLONESHOT) !== 0) watch.armed = false;
      this.#watches.delete(descriptor);
      this.#watches.set(descriptor, watch);
    }
    return ready;
  }

  override poll(): number {
    return this.hasReady() ? Poll.in | Poll.rdNorm : 0;
  }
}
