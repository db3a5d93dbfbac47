import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import type { Stat } from "../vfs/index.ts";
import { anonymousStat, Open, OpenFile, Poll } from "./open-file.ts";

const EFD_SEMAPHORE = 1;
const COUNTER_MAX = 0xffff_ffff_ffff_fffen;

/** An eventfd (eventfd(2)): a counter that readers take and writers raise. */
export class EventFile extends OpenFile {
  readonly label = "anon_inode:[eventfd]";
  readonly #semaphore: boolean;
  #counter: bigint;
  #reads = 0;
  #writes = 0;

  constructor(initial: number, flags: number) {
    super(Open.readWrite | (flags & Open.nonBlock));
    this.#counter = BigInt(initial);
    this.#semaphore = (flags & EFD_SEMAPHORE) !== 0;
  }

  override stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  override get movesRecords(): boolean {
    return true;
  }

  override read(into: Uint8Array): number {
    if (into.length < 8) fail("EINVAL");
    if (this.#counter === 0n) return BLOCKED;
    const taken = this.#semaphore ? 1n : this.#counter;
    this.#counter -= taken;
    this.#reads++;
    Buffer.from(into.buffer, into.byteOffset, 8).writeBigUInt64LE(taken);
    return 8;
  }

  override write(from: Uint8Array): number {
    if (from.length < 8) fail("EINVAL");
    const added = Buffer.from(from.buffer, from.byteOffset, 8).readBigUInt64LE();
    if (added > COUNTER_MAX) fail("EINVAL");
    if (this.#counter + added > COUNTER_MAX) return BLOCKED;
    this.#counter += added;
    this.#writes++;
    return 8;
  }

  override canTake(): boolean {
    return this.#counter < COUNTER_MAX;
  }

  override activity(events: number): number {
    return ((events & Poll.in) !== 0 ? this.#writes : 0) + ((events & Poll.out) !== 0 ? this.#reads : 0);
  }

  override poll(): number {
    return (this.#counter > 0n ? Poll.in : 0) | (this.#counter < COUNTER_MAX ? Poll.out : 0);
  }
}
