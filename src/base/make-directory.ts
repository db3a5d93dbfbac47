import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "./system-error.ts";

/**
 * Makes a directory and what is missing of the way to it; returns the first one that it made. Throws what the operating system
 * says. Node's own `recursive` never returns where a directory that exists lets nothing be made and says ENOENT, as /proc does.
 */
export function makeDirectory(path: string, mode: number): string | undefined {
  try {
    mkdirSync(path, { mode });
    return path;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return undefined;
    if (errorCode(error) !== "ENOENT" || dirname(path) === path) throw error;
  }
  const first = makeDirectory(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process made it in between.
    if (errorCode(error) !== "EEXIST") throw error;
  }
  return first ?? path;
}
