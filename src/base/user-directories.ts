import { homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";

/** Where the XDG Base Directory Specification puts them when its variable says nothing. */
const DEFAULTS = { XDG_CACHE_HOME: ".cache", XDG_STATE_HOME: join(".local", "state") } as const;

type Variable = keyof typeof DEFAULTS;

/**
 * The directory of this user's below which programs keep things of a kind. Always absolute: the specification has a relative
 * value ignored, which here would mean a place of whoever filled the working directory. Undefined for a user without a home.
 */
export function userDirectory(variable: Variable): string | undefined {
  const named = process.env[variable] ?? "";
  if (isAbsolute(named)) return named;
  const home = homeDirectory();
  return home && join(home, DEFAULTS[variable]);
}

/** This product's part of it. */
export function ownDirectory(variable: Variable): string | undefined {
  const directory = userDirectory(variable);
  return directory && join(directory, "zero-trust-loop");
}

export function ownDirectories(): string[] {
  return [ownDirectory("XDG_CACHE_HOME"), ownDirectory("XDG_STATE_HOME")].filter((path) => path !== undefined);
}

/** As HOME says, if that is a place at all, or else the system's accounts; undefined when neither knows one. */
export function homeDirectory(): string | undefined {
  for (const ask of [homedir, () => userInfo().homedir]) {
    try {
      const home = ask();
      if (isAbsolute(home)) return home;
    } catch {
      // Neither HOME nor an account: a container's user that is a number only.
    }
  }
  return undefined;
}

/** The name of this user's account, or its number where it has none. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
