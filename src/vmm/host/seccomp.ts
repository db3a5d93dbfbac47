import { addressOf, hostError, lastErrno, stableBytes, syscall } from "./libc.ts";

/** asm/unistd_64.h */
const SYS_SECCOMP = 317;
/** linux/seccomp.h */
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const RETURN_ALLOW = 0x7fff_0000;
const RETURN_ERRNO = 0x0005_0000;
const RETURN_KILL_PROCESS = 0x8000_0000;
/** linux/audit.h: AUDIT_ARCH_X86_64. */
const ARCH_X86_64 = 0xc000_003e;
/** asm/unistd.h: system calls of the x32 ABI have this bit. */
const X32_BIT = 0x4000_0000;

const EPERM = 1;
const ENOSYS = 38;

/** Offsets in struct seccomp_data (linux/seccomp.h). */
const NUMBER = 0;
const ARCH = 4;
const argument = (index: number): number => 16 + 8 * index;

/** Classic BPF instructions (linux/filter.h, linux/bpf_common.h): code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const unlessEqual = (value: number, skip: number): Instruction => [0x15, 0, skip, value];
const unlessAtLeast = (value: number, skip: number): Instruction => [0x35, 0, skip, value];
const unlessAnyBit = (mask: number, skip: number): Instruction => [0x45, 0, skip, mask];
const answer = (value: number): Instruction => [0x06, 0, 0, value];

/** What a cell never does again once its machine exists (numbers: asm/unistd_64.h). */
const FORBIDDEN: Readonly<Record<string, readonly number[]>> = {
  programs: [57 /* fork */, 58 /* vfork */, 59 /* execve */, 322 /* execveat */],
  network: [
    41 /* socket */, 42 /* connect */, 43 /* accept */, 49 /* bind */, 50 /* listen */, 53 /* socketpair */,
    288 /* accept4 */,
  ],
  "other processes": [
    62 /* kill */, 101 /* ptrace */, 129 /* rt_sigqueueinfo */, 200 /* tkill */, 297 /* rt_tgsigqueueinfo */, 310,
    311 /* process_vm_* */, 312 /* kcmp */, 424, 434, 438 /* pidfd_* */, 440 /* process_madvise */,
  ],
  "changing files": [
    76 /* truncate */, 82, 83, 84, 85, 86, 87, 88 /* rename … symlink */, 90, 91, 92, 93, 94 /* chmod, chown */,
    132 /* utime */, 133 /* mknod */, 188, 189, 190, 197, 198, 199 /* xattr */, 235 /* utimes */, 258, 259, 260, 261,
    263, 264, 265, 266, 268 /* …at */, 280 /* utimensat */, 316 /* renameat2 */, 452 /* fchmodat2 */,
  ],
  "the system": [
    134 /* uselib */, 155, 161 /* roots */, 159, 164, 227, 305 /* clocks */, 163 /* acct */, 165, 166, 167, 168, 169,
    170, 171 /* mount … setdomainname */, 172, 173 /* ports */, 175, 176, 313 /* modules */, 179 /* quotactl */, 246,
    320 /* kexec */, 248, 249, 250 /* keys */, 272, 308 /* namespaces */, 298 /* perf_event_open */, 303,
    304 /* file handles */, 321 /* bpf */, 323 /* userfaultfd */, 425, 426, 427 /* io_uring */, 428, 429, 430, 431, 432,
    433, 442 /* mounts */,
  ],
};

const SYS_OPEN = 2;
const SYS_CLONE = 56;
const SYS_TGKILL = 234;
const SYS_OPENAT = 257;
const SYS_CLONE3 = 435;
/** asm-generic/fcntl.h: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC. */
const WRITING = 0o1 | 0o2 | 0o100 | 0o1000;
/** linux/sched.h */
const CLONE_THREAD = 0x10000;

function filter(pid: number): Instruction[] {
  const refuse = answer(RETURN_ERRNO | EPERM);
  const allow = answer(RETURN_ALLOW);
  return [
    load(ARCH),
    [0x15, 1, 0, ARCH_X86_64],
    answer(RETURN_KILL_PROCESS),
    load(NUMBER),
    ...[unlessAtLeast(X32_BIT, 1), refuse],
    ...Object.values(FORBIDDEN)
      .flat()
      .flatMap((number) => [unlessEqual(number, 1), refuse]),
    // clone3 keeps its flags in memory, out of a filter's sight; told ENOSYS, the C library uses clone.
    ...[unlessEqual(SYS_CLONE3, 1), answer(RETURN_ERRNO | ENOSYS)],
    ...[unlessEqual(SYS_CLONE, 4), load(argument(0)), unlessAnyBit(CLONE_THREAD, 1), allow, refuse],
    ...[unlessEqual(SYS_OPEN, 4), load(argument(1)), unlessAnyBit(WRITING, 1), refuse, allow],
    ...[unlessEqual(SYS_OPENAT, 4), load(argument(2)), unlessAnyBit(WRITING, 1), refuse, allow],
    ...[unlessEqual(SYS_TGKILL, 4), load(argument(0)), unlessEqual(pid, 1), allow, refuse],
    allow,
  ];
}

/**
 * Takes from this process, for good and in all its threads, the system calls a cell has no use for: new programs and
 * processes, the network, other processes, changing files, changing the system (seccomp(2)). They fail with EPERM. New
 * privileges must be ruled out before.
 */
export function forbidSystemCalls(): void {
  const instructions = filter(process.pid);
  const code = stableBytes(8 * instructions.length);
  const view = new DataView(code.buffer);
  instructions.forEach(([operation, jumpTrue, jumpFalse, operand], index) => {
    view.setUint16(8 * index, operation, true);
    view.setUint8(8 * index + 2, jumpTrue);
    view.setUint8(8 * index + 3, jumpFalse);
    view.setUint32(8 * index + 4, operand, true);
  });
  // struct sock_fprog: count, padding, address of the instructions.
  const program = new DataView(new ArrayBuffer(16));
  program.setUint16(0, instructions.length, true);
  program.setBigUint64(8, addressOf(code), true);
  // SAFETY: the kernel copies program and instructions during the call (rule a for the first, b for the second).
  if (
    syscall(SYS_SECCOMP, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, new Uint8Array(program.buffer), 0) !== 0
  ) {
    throw hostError("seccomp", lastErrno());
  }
}
