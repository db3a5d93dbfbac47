import { padColumns, terminalLine } from "../base/text/index.ts";
import type { TracedCall } from "../linux/trace/traced-call.ts";

/** Columns of the process id, with its thread's where that is another. */
const ID_COLUMNS = 7;
/** Whole calls are set apart from their results, as strace does. */
const CALL_COLUMNS = 60;

/**
 * A system call on one line, much as strace writes it:
 *
 *     2     0.001234 openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3 <0.000120>
 *
 * What the guest put into it and a reader would not see, or a terminal act on, is spelled out.
 */
export function traceLine({ startMs, tookMs, pid, tid, name, args, result, note }: TracedCall): string {
  const id = (tid === pid ? `${pid}` : `${pid}/${tid}`).padEnd(ID_COLUMNS);
  const call = padColumns(terminalLine(`${name.replace(" ", "_")}(${args})`), CALL_COLUMNS);
  const tail = note === undefined ? "" : `  ! ${terminalLine(note)}`;
  return `${id}${seconds(startMs)} ${call} = ${terminalLine(result)} <${seconds(tookMs)}>${tail}`;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(6);
