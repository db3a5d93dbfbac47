import type { Allowance } from "../allowance.ts";
import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { anonymousStat, Open, OpenFile, Poll } from "../files/open-file.ts";
import type { Stat } from "../vfs/index.ts";
import type { WatchTable } from "./watch-table.ts";

/** struct inotify_event without its name (linux/inotify.h). */
const EVENT_BYTES = 16;
/** fs.inotify.max_queued_events (inotify(7)). */
const QUEUED_MAX = 16_384;
/** What an event in a queue counts as memory, beside its name. */
const QUEUED_BYTES = 128;
const IN_Q_OVERFLOW = 0x4000;

interface Queued {
  readonly watch: number;
  readonly mask: number;
  readonly cookie: number;
  /** A byte string; "" for an event of the watched file itself. */
  readonly name: string;
}

/** An inotify instance (inotify(7)): the events of its watches, in order. */
export class InotifyFile extends OpenFile {
  readonly label = "anon_inode:inotify";
  readonly #allowance: Allowance;
  readonly #watches: WatchTable;
  readonly #queue: Queued[] = [];
  #arrivals = 0;

  constructor(watches: WatchTable, flags: number, allowance: Allowance) {
    super(Open.readOnly | (flags & Open.nonBlock));
    this.#watches = watches;
    this.#allowance = allowance;
  }

  /** Adds an event, unless the newest says the same (inotify(7), "identical events"). */
  add(watch: number, mask: number, cookie = 0, name = ""): void {
    const last = this.#queue.at(-1);
    if (last && last.watch === watch && last.mask === mask && last.cookie === cookie && last.name === name) return;
    if (this.#queue.length >= QUEUED_MAX) {
      if (last?.mask !== IN_Q_OVERFLOW) this.#push({ watch: -1, mask: IN_Q_OVERFLOW, cookie: 0, name: "" });
      return;
    }
    this.#push({ watch, mask, cookie, name });
  }

  #push(event: Queued): void {
    this.#allowance.charge(QUEUED_BYTES + event.name.length);
    this.#queue.push(event);
    this.#arrivals++;
  }

  override stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  override get movesRecords(): boolean {
    return true;
  }

  override get takesPosition(): boolean {
    return true;
  }

  /** As many whole events as fit: EINVAL when that is none. */
  override read(into: Uint8Array): number {
    if (this.#queue.length === 0) return BLOCKED;
    const bytes = Buffer.from(into.buffer, into.byteOffset, into.length);
    let at = 0;
    let taken = 0;
    for (const event of this.#queue) {
      const size = sizeOf(event);
      if (at + size > bytes.length) break;
      write(bytes.subarray(at, at + size), event);
      at += size;
      taken++;
    }
    if (taken === 0) return fail("EINVAL");
    for (const { name } of this.#queue.splice(0, taken)) this.#allowance.refund(QUEUED_BYTES + name.length);
    return at;
  }

  override get readableBytes(): number {
    return this.#queue.reduce((sum, event) => sum + sizeOf(event), 0);
  }

  override activity(): number {
    return this.#arrivals;
  }

  override poll(): number {
    return this.#queue.length > 0 ? Poll.in | Poll.rdNorm : 0;
  }

  protected override closed(): void {
    this.#watches.drop(this);
    for (const { name } of this.#queue.splice(0)) this.#allowance.refund(QUEUED_BYTES + name.length);
  }
}

/** Names end with a null and are padded, so that the next event is aligned. */
function sizeOf({ name }: Queued): number {
  return EVENT_BYTES + (name === "" ? 0 : Math.ceil((name.length + 1) / EVENT_BYTES) * EVENT_BYTES);
}

function write(bytes: Buffer, { watch, mask, cookie, name }: Queued): void {
  bytes.fill(0);
  bytes.writeInt32LE(watch, 0);
  bytes.writeUInt32LE(mask >>> 0, 4);
  bytes.writeUInt32LE(cookie, 8);
  bytes.writeUInt32LE(bytes.length - EVENT_BYTES, 12);
  bytes.write(name, EVENT_BYTES, "latin1");
}
