import { fail } from "../errno.ts";
import type { Inode } from "../vfs/index.ts";

/** Longest `#!` line Linux reads (BINPRM_BUF_SIZE, linux/binfmts.h). */
const LINE_MAX = 256;

/** The `#!` line of a script: interpreter and its one optional argument (execve(2)); undefined when the file has none. */
export function parseShebang(
  inode: Inode,
): { readonly interpreter: string; readonly argument: string | undefined } | undefined {
  const bytes = Buffer.alloc(LINE_MAX);
  const length = inode.read(bytes, 0);
  if (length < 2 || bytes[0] !== 0x23 || bytes[1] !== 0x21) return undefined;
  const text = bytes.toString("latin1", 2, length);
  const newline = text.indexOf("\n");
  if (newline < 0 && length === LINE_MAX && !/^[ \t]*[^ \t]+[ \t]/.test(text)) fail("ENOEXEC");
  const line = (newline < 0 ? text : text.slice(0, newline)).replace(/^[ \t]+|[ \t]+$/g, "");
  if (line === "") fail("ENOEXEC");
  const space = line.search(/[ \t]/);
  if (space < 0) return { interpreter: line, argument: undefined };
  return { interpreter: line.slice(0, space), argument: line.slice(space).replace(/^[ \t]+/, "") };
}
