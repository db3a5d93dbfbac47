import { fail } from "../errno.ts";
import { Capability } from "../process/capabilities.ts";
import { type Identity, may } from "../process/identity.ts";

/** Flags of the three kinds of objects (linux/ipc.h). */
export const Ipc = { create: 0o1000, exclusive: 0o2000, noWait: 0o4000 } as const;
/** Operations that every kind has. */
export const IpcControl = { remove: 0, set: 1, stat: 2, info: 3 } as const;
/** The key of objects without one. */
const PRIVATE = 0;
/** Objects of one kind at once (SHMMNI, and enough of the others), each of which takes memory of the run's. */
export const OBJECTS_MAX = 4096;
/** An id is its place, and how often places were used again above that (IPCMNI_SHIFT, ipc/util.h). */
const PLACE_BITS = 15;
const SEQUENCE_MAX = 0xffff;

/** Rights, as in a file's mode. */
export const Right = { read: 0o444, alter: 0o222 } as const;

/** struct ipc64_perm (asm-generic/ipcbuf.h), which begins what every kind tells of itself. */
export const PERMISSION_BYTES = 48;

/** A System V object: named by a key, found by an id, with an owner and a mode of its own (svipc(7)). */
export abstract class IpcObject {
  readonly id: number;
  key: number;
  uid: number;
  gid: number;
  readonly creatorUid: number;
  readonly creatorGid: number;
  mode: number;
  changedSeconds: bigint;
  /** Its id means nothing any more; whoever waits for it is told. */
  isRemoved = false;

  constructor(born: Birth) {
    this.id = born.id;
    this.key = born.key;
    this.uid = this.creatorUid = born.identity.user.effective;
    this.gid = this.creatorGid = born.identity.group.effective;
    this.mode = born.mode & 0o777;
    this.changedSeconds = born.nowSeconds;
  }

  /** Whether these may do that (bits of {@link Right}): EACCES. */
  check(identity: Identity, wanted: number): void {
    if (may(identity, Capability.ipcOwner)) return;
    const { user, group, groups } = identity;
    const isOwner = [this.uid, this.creatorUid].includes(user.effective);
    const isGroup = [this.gid, this.creatorGid].some((id) => id === group.effective || groups.includes(id));
    const shift = isOwner ? 6 : isGroup ? 3 : 0;
    if (((wanted >> 6) & 7 & ~(this.mode >> shift)) !== 0) fail("EACCES");
  }

  /** Only owners change or remove it: EPERM. */
  checkOwner(identity: Identity): void {
    if (!may(identity, Capability.ipcOwner) && ![this.uid, this.creatorUid].includes(identity.user.effective))
      fail("EPERM");
  }

  permissionBytes(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    bytes.writeInt32LE(this.key, 0);
    [this.uid, this.gid, this.creatorUid, this.creatorGid, this.mode].forEach((word, i) =>
      bytes.writeUInt32LE(word, 4 + 4 * i),
    );
    bytes.writeUInt16LE((this.id >>> PLACE_BITS) & SEQUENCE_MAX, 24);
    return bytes;
  }

  /** IPC_SET: owner and mode from a structure that {@link permissionBytes} could have written. */
  takePermission(bytes: Buffer, nowSeconds: bigint): void {
    this.uid = bytes.readUInt32LE(4);
    this.gid = bytes.readUInt32LE(8);
    this.mode = (this.mode & ~0o777) | (bytes.readUInt32LE(20) & 0o777);
    this.changedSeconds = nowSeconds;
  }
}

/** What an object is made of. */
export interface Birth {
  readonly id: number;
  readonly key: number;
  readonly mode: number;
  readonly identity: Identity;
  readonly nowSeconds: bigint;
}

interface Request {
  readonly key: number;
  readonly flags: number;
  readonly identity: Identity;
  readonly nowSeconds: bigint;
}

/** The objects of one kind. */
export class IpcTable<T extends IpcObject> {
  readonly #objects = new Map<number, T>();
  readonly #sequences: number[] = [];

  get all(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** The object of a key, or a new one: ENOENT, EEXIST, EACCES, ENOSPC, and what `fits` and `make` refuse. */
  find(request: Request, fits: (object: T) => void, make: (birth: Birth) => T): T {
    const { key, flags } = request;
    const known = key === PRIVATE ? undefined : this.all.find((object) => object.key === key);
    if (known !== undefined) {
      if ((flags & Ipc.create) !== 0 && (flags & Ipc.exclusive) !== 0) fail("EEXIST");
      fits(known);
      known.check(request.identity, flags & 0o777);
      return known;
    }
    if (key !== PRIVATE && (flags & Ipc.create) === 0) fail("ENOENT");
    let place = 0;
    while (this.#objects.has(place)) place++;
    if (place >= OBJECTS_MAX) fail("ENOSPC");
    const sequence = this.#sequences[place] ?? 0;
    const object = make({ ...request, mode: flags, id: (sequence << PLACE_BITS) | place });
    this.#sequences[place] = (sequence + 1) & SEQUENCE_MAX;
    this.#objects.set(place, object);
    return object;
  }

  /** EINVAL for an id that is none, or none any more. */
  get(id: number): T {
    const object = id < 0 ? undefined : this.#objects.get(id & ((1 << PLACE_BITS) - 1));
    return object?.id === id ? object : fail("EINVAL");
  }

  /** The object at a place, for who lists all of them. */
  at(place: number): T {
    return this.#objects.get(place) ?? fail("EINVAL");
  }

  get highestPlace(): number {
    return Math.max(0, ...this.#objects.keys());
  }

  remove(object: T): void {
    object.isRemoved = true;
    this.#objects.delete(object.id & ((1 << PLACE_BITS) - 1));
  }
}
