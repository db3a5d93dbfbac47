import { mallocTrim } from "./libc.ts";

/**
 * Gives the kernel back what was freed. The C library keeps it for the next allocation, all of it where one small block
 * that is in use lies behind it (malloc_trim(3)).
 */
export function giveBackFreedMemory(): void {
  // SAFETY: takes a number; the library locks its own tables against the other threads.
  mallocTrim(0);
}
