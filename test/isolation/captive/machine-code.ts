/** Machine code for x86-64, put together by hand (Intel SDM volume 2). */

/** How a system call is made: as 64-bit programs do, or as 32-bit ones, through interrupt or fast entry. */
export type Entry = "syscall" | "int80" | "sysenter";

const u64 = (value: number | bigint): Uint8Array =>
  new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(value))).buffer);
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value >>> 0).buffer);
const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** `mov register, value` for each argument register in turn. */
const LOAD_64 = [
  [0x48, 0xbf], // rdi
  [0x48, 0xbe], // rsi
  [0x48, 0xba], // rdx
  [0x49, 0xba], // r10
  [0x49, 0xb8], // r8
  [0x49, 0xb9], // r9
];
const LOAD_32 = [0xbb, 0xb9, 0xba, 0xbe, 0xbf, 0xbd]; // ebx, ecx, edx, esi, edi, ebp

const SYSCALL = [0x0f, 0x05];
const RETURN = [0xc3];

/** A function that makes one system call and returns its result. */
export function entryCode(how: Entry, number: number, values: readonly (number | bigint)[]): Uint8Array {
  if (how === "syscall")
    return join(
      ...values.map((value, index) => join(LOAD_64[index] ?? [], u64(value))),
      [0x48, 0xb8],
      u64(number),
      SYSCALL,
      RETURN,
    );
  const loads = values.map((value, index) => join([LOAD_32[index] ?? 0], u32(Number(value))));
  // push rbx; push rbp; …; pop rbp; pop rbx. 32-bit calls take all their arguments in these.
  const entry = how === "int80" ? [0xcd, 0x80] : [0x0f, 0x34];
  return join([0x53, 0x55], ...loads, [0xb8], u32(number), entry, [0x48, 0x63, 0xc0], [0x5d, 0x5b], RETURN);
}

/** Twelve bytes that go elsewhere: mov rax, address; jmp rax. */
export function jumpCode(address: bigint): Uint8Array {
  return join([0x48, 0xb8], u64(address), [0xff, 0xe0]);
}

export interface Hijack {
  /** What the thread is to run. */
  readonly code: bigint;
  /** A counter, eight bytes of nothing, then for each thread its id and its result. */
  readonly slots: bigint;
  readonly main: number;
  readonly lock: bigint;
  readonly unlock: bigint;
  /** What a thread does afterwards. */
  readonly next: "go on" | "sleep";
}

/**
 * In place of pthread_cond_wait(3), or of epoll_pwait(2), which the main thread does not call any more: a thread that is
 * not the main one runs the code, once, and writes down what came of it. What it then does in place of waiting is to give
 * the mutex up for a moment: a wake-up without a reason, as POSIX allows.
 */
export function hijackCode({ code, slots, main, lock, unlock, next }: Hijack): Uint8Array {
  const call = (address: bigint): Uint8Array => join([0x48, 0xb8], u64(address), [0xff, 0xd0]); // mov rax; call rax
  const mutex = [0x48, 0x89, 0xdf]; // mov rdi, rbx
  const goOn = join(mutex, call(unlock), [0xb8, 24, 0, 0, 0], SYSCALL /* sched_yield */, mutex, call(lock), [
    ...[0x31, 0xc0], // xor eax, eax
    ...[0x41, 0x5d, 0x41, 0x5c, 0x5b, 0xc3], // pop r13; pop r12; pop rbx; ret
  ]);
  // poll(0, 0, -1), again and again
  const sleep = [0x31, 0xff, 0x31, 0xf6, 0xba, 0xff, 0xff, 0xff, 0xff, 0xb8, 7, 0, 0, 0, ...SYSCALL, 0xeb, 0xee];
  const taken = join(
    [0xb8, 1, 0, 0, 0], // mov eax, 1
    [0xf0, 0x49, 0x0f, 0xc1, 0x45, 0], // lock xadd [r13], rax
    [0x48, 0xc1, 0xe0, 4], // shl rax, 4
    [0x4d, 0x8d, 0x6c, 0x05, 16], // lea r13, [r13 + rax + 16]
    [0x4d, 0x89, 0x65, 0], // mov [r13], r12
    call(code),
    [0x49, 0x89, 0x45, 8], // mov [r13 + 8], rax
    next === "sleep" ? sleep : [],
  );
  const search = join(
    [0x48, 0x85, 0xd2, 0x74, 18], // test rdx, rdx; je taken
    [0x4c, 0x39, 0x21, 0x0f, 0x84], // cmp [rcx], r12; je goOn
    u32(9 + taken.length),
    [0x48, 0x83, 0xc1, 16, 0x48, 0xff, 0xca, 0xeb, 0xe9], // add rcx, 16; dec rdx; and again
  );
  const slot = join([0x49, 0xbd], u64(slots), [0x49, 0x8b, 0x55, 0], [0x49, 0x8d, 0x4d, 16]); // r13, rdx: count, rcx: first
  return join(
    [0x53, 0x41, 0x54, 0x41, 0x55], // push rbx; push r12; push r13: the stack is aligned for calls
    [0x48, 0x89, 0xf3, 0xb8, 186, 0, 0, 0], // mov rbx, rsi; gettid
    SYSCALL,
    [0x41, 0x89, 0xc4, 0x3d], // mov r12d, eax; cmp eax, main
    u32(main),
    [0x0f, 0x84], // je goOn
    u32(slot.length + search.length + taken.length),
    slot,
    search,
    taken,
    goOn,
  );
}
