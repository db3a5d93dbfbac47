import koffi from "koffi";

/*
 * The same cell on a kernel without Landlock: a filter of its own tells the calls that come that there is none.
 */

/** asm/unistd_64.h, linux/seccomp.h, asm-generic/errno.h */
const SYS_SECCOMP = 317;
const SYS_LANDLOCK_CREATE_RULESET = 444;
const SET_MODE_FILTER = 1;
const RETURN_ALLOW = 0x7fff_0000;
const RETURN_ENOSYS = 0x0005_0000 | 38;

// struct sock_filter: load the number; is it that call; else pass; say there is none.
const instructions = [
  [0x20, 0, 0, 0],
  [0x15, 1, 0, SYS_LANDLOCK_CREATE_RULESET],
  [0x06, 0, 0, RETURN_ALLOW],
  [0x06, 0, 0, RETURN_ENOSYS],
] as const;
const filter = new DataView(new ArrayBuffer(8 * instructions.length));
instructions.forEach(([code, jumpTrue, jumpFalse, operand], index) => {
  filter.setUint16(8 * index, code, true);
  filter.setUint8(8 * index + 2, jumpTrue);
  filter.setUint8(8 * index + 3, jumpFalse);
  filter.setUint32(8 * index + 4, operand, true);
});
const program = new DataView(new ArrayBuffer(16));
program.setUint16(0, instructions.length, true);
// SAFETY: an array's own buffer stays where it is for as long as the array is used, which is until after the call.
program.setBigUint64(8, koffi.address(new Uint8Array(filter.buffer)), true);
const seccomp = koffi.load("libc.so.6").func("long syscall(long number, long mode, long flags, void *program)");
if (Number(seccomp(SYS_SECCOMP, SET_MODE_FILTER, 0, new Uint8Array(program.buffer))) !== 0)
  throw new Error(`no filter: errno ${koffi.errno()}`);
if (filter.byteLength === 0) throw new Error("the filter is used until here");

await import("./cell.ts");
