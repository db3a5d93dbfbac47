import { UsageError } from "./usage-error.ts";

/** What commands that serve have in common. */

/** 0, a free one, when none was given. Throws UsageError. */
export function portOf(text: string | undefined): number {
  const port = text === undefined ? 0 : Number(text);
  if (text === "" || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError("--port takes a number up to 65535");
  return port;
}

/** Resolves when the process is told to end. */
export function told(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}
