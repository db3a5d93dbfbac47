import * as fs from "node:fs";
import type { ByteString } from "../../base/byte-string.ts";
import { errorCode, unless } from "../../base/system-error.ts";
import { Obstacle } from "../files/obstacle.ts";
import { type RootDirectory, statusOf } from "../files/root-directory.ts";
import { setMetadata } from "./metadata.ts";
import { NEW_DIRECTORY_MODE, type Step } from "./plan.ts";
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
      obstructed(step.path, { EEXIST: "already-exists" }, () => fs.mkdirSync(path, { mode: NEW_DIRECTORY_MODE }));
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

/** link(2) never overwrites; the staged name stays, and tells later that what stands there is ours. */
function place(from: string, path: Buffer, name: ByteString): void {
  obstructed(name, { EEXIST: "already-exists" }, () => {
    if (linked(from, path)) return;
    if (statusOf(path) !== undefined) throw new Obstacle(name, "already-exists");
    fs.renameSync(from, path);
  });
}

function keep(path: Buffer, old: string): void {
  if (!linked(path, old)) fs.renameSync(path, old);
}

/** rename(2) replaces in one instant; from a second name, so that the staged one stays. */
export function putOver(from: string, path: Buffer): void {
  const second = `${from}.put`;
  unless(["ENOENT"], () => fs.unlinkSync(second));
  fs.renameSync(linked(from, second) ? second : from, path);
}

export function typeAt(path: Buffer): "file" | "directory" | "symlink" | undefined {
  const status = statusOf(path);
  if (status?.isFile()) return "file";
  if (status?.isDirectory()) return "directory";
  return status?.isSymbolicLink() ? "symlink" : undefined;
}

export function linked(from: string | Buffer, to: string | Buffer): boolean {
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
