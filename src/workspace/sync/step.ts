import * as fs from "node:fs";
import type { ByteString } from "../../base/byte-string.ts";
import { errorCode, unless } from "../../base/system-error.ts";
import { Obstacle } from "../files/obstacle.ts";
import { isSameObject, type RootDirectory, statusOf } from "../files/root-directory.ts";
import { setMetadata } from "./metadata.ts";
import type { Step } from "./plan.ts";
import type { Staging } from "./staging.ts";

export interface StepPlace {
  readonly directory: RootDirectory;
  readonly staging: Staging;
  /** Its place in the plan. */
  readonly number: number;
}

/** Where file systems have no hard links, or do not let us make one, a rename does with less certainty. */
const NO_LINKS = ["EPERM", "EMLINK", "EOPNOTSUPP", "ENOSYS", "EXDEV"];

/** Does the step. Throws Obstacle when the host is not as it was found, or the system call's error. */
export function takeStep(step: Step, { directory, staging, number }: StepPlace): void {
  const path = directory.locate(step.path);
  switch (step.do) {
    case "place":
      place(staging.newPath(step.object), path, step.path);
      break;
    case "replace":
      keep(path, staging.oldPath(number));
      putOver(staging.newPath(step.object), path);
      break;
    case "remove":
      fs.renameSync(path, staging.oldPath(number));
      break;
    case "make-directory":
      obstructed(step.path, { EEXIST: "already-exists" }, () => fs.mkdirSync(path, { mode: 0o700 }));
      directory.forget();
      break;
    case "remove-directory":
      obstructed(step.path, { ENOTEMPTY: "directory-not-empty" }, () => fs.rmdirSync(path));
      directory.forget();
      break;
    case "set-metadata":
      if (typeAt(path) !== step.type) throw new Obstacle(step.path, "type-changed");
      setMetadata(path, step.to, step.path);
  }
}

/**
 * Undoes the step, if it was begun: both ways can be killed at any instant and be tried again. Returns false when somebody
 * else has put something there meanwhile; that is left alone.
 */
export function takeBack(step: Step, { directory, staging, number }: StepPlace): boolean {
  const path = unlessObstacle(() => directory.locate(step.path));
  // The way there is missing: what was to be added was not, what was to be put back cannot be.
  if (path === undefined) return ["place", "make-directory", "set-metadata"].includes(step.do);
  switch (step.do) {
    case "place":
      return unplace(staging.newPath(step.object), path);
    case "replace":
      return unreplace(staging.newPath(step.object), staging.oldPath(number), path);
    case "remove":
      return unremove(staging.oldPath(number), path);
    case "make-directory":
      unless(["ENOENT", "ENOTEMPTY", "ENOTDIR"], () => fs.rmdirSync(path));
      directory.forget();
      return true;
    case "remove-directory":
      unless(["EEXIST"], () => fs.mkdirSync(path, { mode: 0o700 }));
      if (statusOf(path)?.isDirectory() !== true) return false;
      setMetadata(path, step.was, step.path);
      directory.forget();
      return true;
    case "set-metadata":
      // Another type stands there before the steps that this one comes after.
      if (typeAt(path) === step.type) setMetadata(path, step.from, step.path);
      return true;
  }
}

/** link(2) never overwrites; the staged name stays, and tells later that what stands there is ours. */
function place(from: string, path: Buffer, name: ByteString): void {
  obstructed(name, { EEXIST: "already-exists" }, () => {
    if (linked(from, path)) return;
    if (statusOf(path) !== undefined) throw new Obstacle(name, "already-exists");
    fs.renameSync(from, path);
  });
}

function unplace(from: string, path: Buffer): boolean {
  const there = statusOf(path);
  if (there === undefined) return true;
  const staged = statusOf(from);
  if (staged === undefined) fs.renameSync(path, from);
  else if (isSameObject(staged, there)) fs.unlinkSync(path);
  // Something else: its owner made it before we came, and nothing of ours is lost.
  return true;
}

function keep(path: Buffer, old: string): void {
  if (!linked(path, old)) fs.renameSync(path, old);
}

/** rename(2) replaces in one instant; from a second name, so that the staged one stays. */
function putOver(from: string, path: Buffer): void {
  const second = `${from}.put`;
  unless(["ENOENT"], () => fs.unlinkSync(second));
  fs.renameSync(linked(from, second) ? second : from, path);
}

function unreplace(from: string, old: string, path: Buffer): boolean {
  const kept = statusOf(old);
  if (kept === undefined) return true;
  const there = statusOf(path);
  if (isSameObject(kept, there)) return true;
  const staged = statusOf(from);
  if (there !== undefined && staged !== undefined && !isSameObject(staged, there)) return false;
  putOver(old, path);
  return true;
}

function unremove(old: string, path: Buffer): boolean {
  const kept = statusOf(old);
  if (kept === undefined) return true;
  const there = statusOf(path);
  if (there !== undefined) return isSameObject(kept, there);
  if (!linked(old, path)) fs.renameSync(old, path);
  return true;
}

function typeAt(path: Buffer): "file" | "directory" | "symlink" | undefined {
  const status = statusOf(path);
  if (status?.isFile()) return "file";
  if (status?.isDirectory()) return "directory";
  return status?.isSymbolicLink() ? "symlink" : undefined;
}

function linked(from: string | Buffer, to: string | Buffer): boolean {
  return (
    unless(NO_LINKS, () => {
      fs.linkSync(from, to);
      return true;
    }) === true
  );
}

function obstructed(path: ByteString, reasons: Readonly<Record<string, Obstacle["reason"]>>, work: () => void): void {
  try {
    work();
  } catch (error) {
    const reason = reasons[errorCode(error) ?? ""];
    throw reason === undefined ? error : new Obstacle(path, reason);
  }
}

function unlessObstacle<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Obstacle) return undefined;
    throw error;
  }
}
