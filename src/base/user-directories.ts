import { homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";

/** Where the XDG Base Directory Specification puts them when its variable says nothing. */
const DEFAULTS = { XDG_CACHE_HOME: ".cache", XDG_STATE_HOME: join(".local", "state") } as const;

/**
 * The directory of this user's below which programs keep things of a kind. Always absolute: the specification has a relative
 * value ignored, which here would mean a place of whoever filled the working directory.
 */
export function userDirectory(variable: keyof typeof DEFAULTS): string {
  const named = process.env[variable] ?? "";
  return isAbsolute(named) ? named : join(homeDirectory(), DEFAULTS[variable]);
}

/** This product's part of it. */
export function ownDirectory(variable: keyof typeof DEFAULTS): string {
  return join(userDirectory(variable), "zero-trust-loop");
}

export function ownDirectories(): string[] {
  return [ownDirectory("XDG_CACHE_HOME"), ownDirectory("XDG_STATE_HOME")];
}

/** As HOME says, if that is a place at all, or else the system's accounts. */
function homeDirectory(): string {
  const home = homedir();
  return isAbsolute(home) ? home : userInfo().homedir;
}
