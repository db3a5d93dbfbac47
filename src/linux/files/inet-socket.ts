import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { FileType, type Stat } from "../vfs/index.ts";
import { anonymousInode, anonymousStat, Open, OpenFile, Poll } from "./open-file.ts";

/**
 * An internet socket on a machine without network interfaces (ip(7)): it can be made and asked about, but there is nowhere
 * to send to. Every attempt to reach someone ends with ENETUNREACH.
 */
export class InetSocket extends OpenFile {
  readonly family: number;
  readonly type: number;
  #listening = false;
  readonly #ino = anonymousInode();

  constructor(family: number, type: number, flags: number) {
    super(Open.readWrite | (flags & Open.nonBlock));
    this.family = family;
    this.type = type;
  }

  get label(): string {
    return `socket:[${this.#ino}]`;
  }

  override stat(): Stat {
    return anonymousStat(FileType.socket | 0o777, this.#ino);
  }

  listen(): void {
    this.#listening = true;
  }

  get listening(): boolean {
    return this.#listening;
  }

  /** Datagrams never arrive; a stream that was never connected says so. */
  override read(): number {
    return this.type === 1 ? fail("ENOTCONN") : BLOCKED;
  }

  override write(): number {
    return fail(this.type === 1 ? "ENOTCONN" : "EDESTADDRREQ");
  }

  override poll(): number {
    if (this.#listening) return 0;
    return this.type === 1 ? Poll.out | Poll.wrNorm | Poll.hup : Poll.out | Poll.wrNorm;
  }
}
