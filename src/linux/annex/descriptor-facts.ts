import { type GuestMemory, SystemPhysical } from "../../vmm/index.ts";
import { LinuxError } from "../errno.ts";
import type { Descriptors } from "../files/descriptors.ts";
import type { OpenFile } from "../files/open-file.ts";
import { shownFlags } from "../syscalls/descriptors.ts";
import { FileType, type Inode, writeStat } from "../vfs/index.ts";
import { Content, DESCRIPTORS, Facts, FileFact, FileKind, State } from "./layout.ts";

/** Files up to this size are given to the annex whole: four of them have room at once, and reading one takes some 50 us. */
const CONTENT_BYTES_MAX = 64 * 1024;
/** Where contents begin: for `rep movsb`. */
const CONTENT_ALIGNMENT = 64;
/** Positions that the guest may have gone to by itself (annex.c). */
const POSITION_MAX = 2 ** 40;
/** So many files opened and read one after another, and what is opened next is taken for one that will be read. */
const READERS_MIN = 2;

interface Known {
  readonly file: OpenFile;
  readonly isRegular: boolean;
  readonly hasContent: boolean;
  wasRead: boolean;
}

/** What the annex knows of one process's descriptors. */
export class DescriptorFacts {
  readonly #memory: GuestMemory;
  readonly #known = new Map<number, Known>();
  /** How much of the room for contents is used, and how much of it was since it was emptied. */
  #contentEnd = 0;
  #contentMark = 0;
  #readers = 0;
  /** The annex was told other bits than these descriptors'. */
  #isStale = true;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  has(descriptor: number): boolean {
    return this.#known.has(descriptor);
  }

  /** A file that this descriptor alone refers to, for reading. */
  add(descriptor: number, file: OpenFile, inode: Inode): void {
    const isRegular = inode.type === FileType.regular;
    const stat = inode.stat();
    const at = Facts.files + FileFact.bytes * descriptor;
    const { view } = this.#memory;
    const content = isRegular ? this.#bringIn(inode, stat.sizeBytes) : undefined;
    view.setBigUint64(at + FileFact.content, BigInt(content?.address ?? 0), true);
    view.setUint32(at + FileFact.contentBytes, content?.bytes ?? 0, true);
    view.setUint32(at + FileFact.kind, isRegular ? FileKind.regular : FileKind.directory, true);
    view.setUint32(at + FileFact.sizeBytes, stat.sizeBytes, true);
    view.setUint32(at + FileFact.sizeBytes + 4, stat.sizeBytes / 0x1_0000_0000, true);
    view.setUint32(at + FileFact.statusFlags, shownFlags(file), true);
    writeStat(stat, view, at + FileFact.stat);
    this.#memory.markWritten(at, FileFact.bytes);
    this.#known.set(descriptor, { file, isRegular, hasContent: content !== undefined, wasRead: false });
    this.#isStale = true;
  }

  /** Descriptors that are not the files any more that they were. */
  changed(files: Descriptors): readonly number[] {
    const changed: number[] = [];
    for (const [descriptor, { file }] of this.#known) if (files.peek(descriptor) !== file) changed.push(descriptor);
    return changed;
  }

  noteRead(descriptor: number): void {
    const known = this.#known.get(descriptor);
    if (known !== undefined) known.wasRead = true;
  }

  setAtEnd(descriptor: number): void {
    this.#setKind(descriptor, FileKind.directory | FileKind.atEnd);
  }

  /** A position was set, by a call that we answered ourselves, perhaps through another descriptor of the same directory. */
  moved(): void {
    for (const descriptor of this.#known.keys()) this.#setKind(descriptor, FileKind.directory);
  }

  #setKind(descriptor: number, kind: number): void {
    if (this.#known.get(descriptor)?.isRegular !== false) return;
    const at = Facts.files + FileFact.bytes * descriptor + FileFact.kind;
    this.#memory.words[at / 4] = kind;
    this.#memory.markWritten(at, 4);
  }

  /** The descriptor is closed, or another's. */
  drop(descriptor: number): void {
    const known = this.#known.get(descriptor);
    if (known === undefined) return;
    this.#known.delete(descriptor);
    this.#empty(descriptor);
    this.#isStale = true;
    if (known.wasRead) this.#readers = Math.min(this.#readers + 1, READERS_MIN);
    else if (known.hasContent) this.#readers = 0;
  }

  /** Takes over where reading inside the guest has come to; a position is one that the program could have gone to. */
  takePositions(): void {
    const { words } = this.#memory;
    for (const [descriptor, { file, isRegular }] of this.#known) {
      if (!isRegular) continue;
      const at = (State.positions + 8 * descriptor) / 4;
      const position = words[at + 1] * 0x1_0000_0000 + words[at];
      if (position <= POSITION_MAX) file.position = position;
    }
  }

  /** Has the annex know the descriptors as they are now. */
  publish(files: Descriptors): void {
    if (this.#known.size === 0 && !this.#isStale) return;
    const { words, bytes } = this.#memory;
    for (const [descriptor, { file, isRegular }] of this.#known) {
      bytes[State.files + descriptor] = descriptor;
      bytes[State.descriptorFlags + descriptor] = files.closeOnExec(descriptor) ? 1 : 0;
      if (!isRegular) continue;
      const at = (State.positions + 8 * descriptor) / 4;
      words[at] = file.position;
      words[at + 1] = file.position / 0x1_0000_0000;
    }
    this.#writeBits(State.known, (descriptor) => this.#known.has(descriptor));
    this.#writeBits(State.used, (descriptor) => descriptor >= files.limit || files.peek(descriptor) !== undefined);
    this.#writeBits(State.closed, () => false);
    this.#memory.markWritten(SystemPhysical.annexState, State.bytes);
    this.#isStale = false;
  }

  /** Another process runs, which these are nothing to. */
  hide(): void {
    const { words } = this.#memory;
    words[State.known / 4] = 0;
    words[State.known / 4 + 1] = 0;
    this.#memory.markWritten(State.known, 8);
    this.#isStale = true;
  }

  /** Forgets all, and leaves nothing of it in the guest. */
  clear(): void {
    for (const descriptor of this.#known.keys()) this.#empty(descriptor);
    this.#known.clear();
    this.#memory.bytes.fill(0, Content.physical, Content.physical + this.#contentMark);
    this.#contentEnd = 0;
    this.#contentMark = 0;
    this.hide();
  }

  #empty(descriptor: number): void {
    const at = Facts.files + FileFact.bytes * descriptor;
    this.#memory.bytes.fill(0, at, at + FileFact.bytes);
  }

  #writeBits(physical: number, isSet: (descriptor: number) => boolean): void {
    for (let word = 0; word < DESCRIPTORS / 32; word++) {
      let bits = 0;
      for (let bit = 0; bit < 32; bit++) if (isSet(32 * word + bit)) bits |= 1 << bit;
      this.#memory.words[physical / 4 + word] = bits;
    }
  }

  /** The content of a file that will be read, it seems, where the annex reaches it. From now on it counts as read. */
  #bringIn(inode: Inode, sizeBytes: number): { readonly address: number; readonly bytes: number } | undefined {
    if (this.#readers < READERS_MIN || sizeBytes > CONTENT_BYTES_MAX || sizeBytes === 0) return undefined;
    if (this.#contentEnd + sizeBytes > Content.bytes) this.#dropContents();
    const start = this.#contentEnd;
    const room = this.#memory.bytes.subarray(Content.physical + start, Content.physical + start + sizeBytes);
    this.#contentEnd = Math.ceil((start + sizeBytes) / CONTENT_ALIGNMENT) * CONTENT_ALIGNMENT;
    this.#contentMark = Math.max(this.#contentMark, this.#contentEnd);
    this.#memory.markWritten(Content.physical + start, sizeBytes);
    const bytes = readWhole(inode, room);
    return bytes === 0 ? undefined : { address: Content.address + start, bytes };
  }

  /** Makes room: what is still open is read by the host from now on. */
  #dropContents(): void {
    for (const descriptor of this.#known.keys()) {
      const at = Facts.files + FileFact.bytes * descriptor + FileFact.contentBytes;
      this.#memory.words[at / 4] = 0;
    }
    this.#contentEnd = 0;
  }
}

/** How much of it there was; 0 when it cannot be read, which the call that reads it will find again. */
function readWhole(inode: Inode, room: Uint8Array): number {
  try {
    return inode.read(room, 0);
  } catch (error) {
    if (error instanceof LinuxError) return 0;
    throw error;
  }
}
