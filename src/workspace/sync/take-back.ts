import * as fs from "node:fs";
import type { ByteString } from "../../base/byte-string.ts";
import { defined } from "../../base/optional.ts";
import { unless } from "../../base/system-error.ts";
import type { NodeState } from "../changes/node-state.ts";
import { hashOnly, readObserved } from "../files/observation.ts";
import { Obstacle } from "../files/obstacle.ts";
import { isSameObject, type RootDirectory, type Status, statusOf } from "../files/root-directory.ts";
import { keepBeside, type Spared } from "./aside.ts";
import { isSameTime, setMetadata } from "./metadata.ts";
import { type Metadata, NEW_DIRECTORY_MODE, OWNER_CHANGES, type Step } from "./plan.ts";
import { linked, putOver, type StepPlace, typeAt } from "./step.ts";

export interface TakenPlace extends StepPlace {
  /** What was staged, by number: whatever stands in a place and is not that has been changed by somebody else. */
  readonly objects: readonly NodeState[];
  /** Where something was removed first, by `placeKey`: what is found there is judged when that is taken back. */
  readonly isRemovedFirst: boolean;
}

/** Read, write and search for everybody: what a file system does not take away from a mode that was set. */
const PLAIN_BITS = 0o777;
const SET_ID_BITS = 0o6000;
const MODE_BITS = 0o7777;

/**
 * Undoes the step, if it was begun: both ways can be killed at any instant and be tried again. Nothing is overwritten or
 * deleted but what the sync itself put there and nobody has changed since; what is spared so is returned, and what would
 * have stood there is kept beside it.
 */
export async function takeBack(step: Step, place: TakenPlace): Promise<Spared | undefined> {
  const path = unlessObstacle(() => place.directory.locate(step.path));
  if (path === undefined) return withoutPlace(step, place);
  switch (step.do) {
    case "place":
      return await unplace(step, path, place);
    case "replace":
      return await unreplace(step, path, place);
    case "remove":
      return unremove(step.path, path, place);
    case "make-directory":
      return unmakeDirectory(step.path, path, place.directory);
    case "remove-directory":
      try {
        return remakeDirectory(step, path);
      } finally {
        place.directory.forget();
      }
    case "set-metadata":
      // Another type stands there before the steps that this one comes after.
      return typeAt(path) === step.type ? resetMetadata(step, path) : undefined;
  }
}

/** What a step kept and somebody has written to since, through a descriptor opened before: it gets a name before it would go. */
export function spareWritten(step: Step, place: StepPlace, found: string): Spared | undefined {
  if (step.do !== "replace" && step.do !== "remove") return undefined;
  const old = place.staging.oldPath(place.number);
  const kept = statusOf(old);
  return kept === undefined || fingerprintOf(kept) === found ? undefined : spare(old, step.path, place);
}

/** To notice a change by; link(2) changes neither. */
export function fingerprintOf({ ino, size, mtimeNs }: Status): string {
  return `${ino}:${size}:${mtimeNs}`;
}

/** The way there is missing: what was to be added was not, what was to be put back cannot be. */
function withoutPlace(step: Step, place: TakenPlace): Spared | undefined {
  if (step.do === "remove-directory") return { path: step.path };
  if (step.do !== "replace" && step.do !== "remove") return undefined;
  const old = place.staging.oldPath(place.number);
  return statusOf(old) === undefined ? undefined : spare(old, step.path, place);
}

async function unplace(step: Step & { do: "place" }, path: Buffer, place: TakenPlace): Promise<Spared | undefined> {
  const there = statusOf(path);
  if (there === undefined) return undefined;
  const from = place.staging.newPath(step.object);
  const staged = statusOf(from);
  if (await isUntouched(step, there, staged, place)) {
    if (staged === undefined) fs.renameSync(path, from);
    else fs.unlinkSync(path);
    return undefined;
  }
  const isElse = staged !== undefined && !isSameObject(staged, there);
  return isElse && place.isRemovedFirst ? undefined : { path: step.path };
}

async function unreplace(step: Step & { do: "replace" }, path: Buffer, place: TakenPlace): Promise<Spared | undefined> {
  const old = place.staging.oldPath(place.number);
  const kept = statusOf(old);
  const there = statusOf(path);
  if (kept === undefined || isSameObject(kept, there)) return undefined;
  const staged = statusOf(place.staging.newPath(step.object));
  // With links the place is never empty by our doing.
  const isOurs = there === undefined ? !hasLinks(old) : await isUntouched(step, there, staged, place);
  if (!isOurs) return spare(old, step.path, place);
  putOver(old, path);
  return undefined;
}

function unremove(name: ByteString, path: Buffer, place: TakenPlace): Spared | undefined {
  const old = place.staging.oldPath(place.number);
  const kept = statusOf(old);
  if (kept === undefined) return undefined;
  const there = statusOf(path);
  if (there !== undefined) return isSameObject(kept, there) ? undefined : spare(old, name, place);
  if (!linked(old, path)) fs.renameSync(old, path);
  return undefined;
}

function unmakeDirectory(name: ByteString, path: Buffer, directory: RootDirectory): Spared | undefined {
  const isGone = unless(["ENOTEMPTY", "ENOTDIR"], () => {
    unless(["ENOENT"], () => fs.rmdirSync(path));
    return true;
  });
  const isLeft = isGone !== true && typeAt(path) === "directory";
  directory.forget();
  return isLeft ? { path: name } : undefined;
}

function remakeDirectory(step: Step & { do: "remove-directory" }, path: Buffer): Spared | undefined {
  const isMade = unless(["EEXIST"], () => {
    fs.mkdirSync(path, { mode: NEW_DIRECTORY_MODE });
    return true;
  });
  const status = statusOf(path);
  if (status?.isDirectory() !== true) return { path: step.path };
  const mode = Number(status.mode) & MODE_BITS;
  // Made by an attempt that was killed before it could set the rest.
  const isHalfMade = mode === NEW_DIRECTORY_MODE && Number(status.uid) === process.getuid?.();
  if (isMade === true || isHalfMade) setMetadata(path, step.was, step.path);
  else if (mode !== step.was.mode) return { path: step.path };
  return undefined;
}

/**
 * Sets back what is as the step set it, field by field. A mode may have lost its set-id bits: chown(2) clears them, and the
 * step may have been killed before it set them again.
 */
function resetMetadata(
  { path: name, from, to }: { readonly path: ByteString; readonly from: Metadata; readonly to: Metadata },
  path: Buffer,
): Spared | undefined {
  const status = fs.lstatSync(path);
  // A new directory goes again, or stays for what somebody has put into it: only what keeps us from its names is taken back.
  if (from.uid === undefined && (status.mode & OWNER_CHANGES) === OWNER_CHANGES) return undefined;
  const now = { mode: status.mode & MODE_BITS, uid: status.uid, gid: status.gid };
  const modes = [from.mode, to.mode].flatMap((mode) => (mode === undefined ? [] : [mode, mode & ~SET_ID_BITS]));
  const isMode = modes.includes(now.mode);
  const isOwner = [from.uid, to.uid].includes(now.uid) && [from.gid, to.gid].includes(now.gid);
  const owner = isOwner ? defined({ uid: from.uid, gid: from.gid }) : {};
  const mode = isMode && from.mode !== undefined ? { mode: from.mode } : {};
  // Who wrote to the file since has set another time, and that one is right.
  const isTime = to.mtimeNs !== undefined && isSameTime(fs.lstatSync(path, { bigint: true }).mtimeNs, to.mtimeNs);
  setMetadata(path, { ...owner, ...mode, ...defined({ mtimeNs: isTime ? from.mtimeNs : undefined }) }, name);
  return isMode || from.mode === undefined ? undefined : { path: name };
}

/**
 * Whether what stands there is what was staged, down to its bytes: times and sizes can be equal by chance or on purpose, and
 * an editor may write into the very file.
 */
async function isUntouched(
  { path, object }: Step & { do: "place" | "replace" },
  there: Status,
  staged: Status | undefined,
  { directory, objects }: TakenPlace,
): Promise<boolean> {
  const state = objects[object];
  if (staged !== undefined && !isSameObject(staged, there)) return false;
  if (state?.type === "symlink") return there.isSymbolicLink() && directory.readlink(path) === state.target;
  if (state?.type !== "file" || !there.isFile()) return false;
  // One more name of a file of the host: to take it away loses nothing as long as the other is there.
  if (state.nameOf !== undefined && isSameObject(directory.status(state.nameOf), there)) return true;
  if (state.nameOf === undefined && (Number(there.mode) & PLAIN_BITS) !== (state.mode & PLAIN_BITS)) return false;
  if (Number(there.size) !== state.sizeBytes) return false;
  return (await hashOf(path, there, directory, state.sha256)) === state.sha256;
}

/** What may not be read may not be edited either, unless its permissions are changed, and they are not. */
async function hashOf(
  path: ByteString,
  there: Status,
  directory: RootDirectory,
  unreadable: string,
): Promise<string | undefined> {
  try {
    const { sha256 } = await readObserved(directory, path, there, hashOnly);
    const after = directory.status(path);
    return after !== undefined && fingerprintOf(after) === fingerprintOf(there) ? sha256 : undefined;
  } catch (error) {
    if (!(error instanceof Obstacle)) throw error;
    return error.reason === "base-unknown" ? unreadable : undefined;
  }
}

function spare(old: string, path: ByteString, { directory, staging }: StepPlace): Spared {
  const keptAs = keepBeside(old, path, directory, staging.changeSetId);
  return { path, ...(keptAs !== undefined && { keptAs }) };
}

function hasLinks(old: string): boolean {
  const second = `${old}.put`;
  unless(["ENOENT"], () => fs.unlinkSync(second));
  return linked(old, second);
}

function unlessObstacle<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Obstacle) return undefined;
    throw error;
  }
}
