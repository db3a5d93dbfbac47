import { AssembledCode, type Code, jump, label } from "./assembler.ts";

/*
 * The functions of the vDSO (vdso(7)): reading a clock without leaving the virtual machine, which would cost a thousand
 * times as much. Time is the counter's distance from a calibrated base, times a factor, plus a base; when the counter is
 * not calibrated or too far from its base, the system call answers.
 */

/** Offsets in the data page, which the host writes: 64-bit unsigned integers. */
export const DataPage = {
  /** Counter (RDTSC) at the base. */
  baseCounter: 8,
  /** Nanoseconds per count, times 2^32. */
  factor: 16,
  /** CLOCK_MONOTONIC at the base, in nanoseconds. */
  baseMonotonic: 24,
  /** What to add for CLOCK_REALTIME. */
  realtimeOffset: 32,
  /** Greatest distance of the counter from its base at which it may be used; 0 while it is not calibrated. */
  distanceMax: 40,
} as const;

/** Bits of the clocks answered here: realtime 0, monotonic 1, raw 4, the coarse ones 5 and 6, boot time 7 (linux/time.h). */
const KNOWN_CLOCKS = 0xf3;
const REALTIME_CLOCKS = 0x21;
const SYS_CLOCK_GETTIME = 228;
const SYS_GETTIMEOFDAY = 96;
const SYS_TIME = 201;

const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];

/** RAX := the 64-bit counter; RDX is lost. */
const readCounter: Code = [
  [0x0f, 0x31], // rdtsc
  [0x48, 0xc1, 0xe2, 0x20], // shl rdx, 32
  [0x48, 0x09, 0xd0], // or rax, rdx
];

/** R9 := the data page, RAX := monotonic nanoseconds; goes to `slow` when the counter may not be used. */
const monotonic = (dataPage: number, slow: string): Code => [
  [0x49, 0xb9, ...word(dataPage % 0x1_0000_0000), ...word(Math.floor(dataPage / 0x1_0000_0000))], // movabs r9, dataPage
  ...readCounter,
  [0x49, 0x2b, 0x41, DataPage.baseCounter], // sub rax, [r9 + baseCounter]
  [0x49, 0x3b, 0x41, DataPage.distanceMax], // cmp rax, [r9 + distanceMax]
  jump(0x77, slow), // ja slow
  [0x49, 0xf7, 0x61, DataPage.factor], // mul qword [r9 + factor]
  [0x48, 0x0f, 0xac, 0xd0, 0x20], // shrd rax, rdx, 32
  [0x49, 0x03, 0x41, DataPage.baseMonotonic], // add rax, [r9 + baseMonotonic]
];

const addRealtimeOffset: Code = [[0x49, 0x03, 0x41, DataPage.realtimeOffset]]; // add rax, [r9 + realtimeOffset]

/** RAX := RAX / divisor, RDX := the rest; RCX is lost. */
const divide = (divisor: number): Code => [
  [0x31, 0xd2], // xor edx, edx
  [0xb9, ...word(divisor)], // mov ecx, divisor
  [0x48, 0xf7, 0xf1], // div rcx
];

const answerZero: Code = [
  [0x31, 0xc0], // xor eax, eax
  [0xc3], // ret
];

const systemCall = (number: number): Code => [
  [0xb8, ...word(number)], // mov eax, number
  [0x0f, 0x05], // syscall
  [0xc3], // ret
];

/** True in the carry flag when bit EDI of `bits` is set; R8 is lost. */
const testBit = (bits: number): Code => [
  [0x41, 0xb8, ...word(bits)], // mov r8d, bits
  [0x41, 0x0f, 0xa3, 0xf8], // bt r8d, edi
];

/** clock_gettime(EDI clock, RSI struct timespec *). */
const clockGettime = (dataPage: number): Code => [
  label("__vdso_clock_gettime"),
  [0x83, 0xff, 0x07], // cmp edi, 7
  jump(0x77, "clock slow"), // ja
  ...testBit(KNOWN_CLOCKS),
  jump(0x73, "clock slow"), // jnc
  ...monotonic(dataPage, "clock slow"),
  ...testBit(REALTIME_CLOCKS),
  jump(0x73, "clock split"), // jnc
  ...addRealtimeOffset,
  label("clock split"),
  ...divide(1_000_000_000),
  [0x48, 0x89, 0x06], // mov [rsi], rax
  [0x48, 0x89, 0x56, 0x08], // mov [rsi + 8], rdx
  ...answerZero,
  label("clock slow"),
  ...systemCall(SYS_CLOCK_GETTIME),
];

/** gettimeofday(RDI struct timeval *, RSI struct timezone *). */
const gettimeofday = (dataPage: number): Code => [
  label("__vdso_gettimeofday"),
  [0x48, 0x85, 0xff], // test rdi, rdi
  jump(0x74, "day slow"), // jz
  [0x48, 0x85, 0xf6], // test rsi, rsi
  jump(0x75, "day slow"), // jnz
  ...monotonic(dataPage, "day slow"),
  ...addRealtimeOffset,
  ...divide(1_000_000_000),
  [0x48, 0x89, 0x07], // mov [rdi], rax
  [0x48, 0x89, 0xd0], // mov rax, rdx
  ...divide(1000),
  [0x48, 0x89, 0x47, 0x08], // mov [rdi + 8], rax
  ...answerZero,
  label("day slow"),
  ...systemCall(SYS_GETTIMEOFDAY),
];

/** time(RDI time_t *). */
const time = (dataPage: number): Code => [
  label("__vdso_time"),
  ...monotonic(dataPage, "time slow"),
  ...addRealtimeOffset,
  ...divide(1_000_000_000),
  [0x48, 0x85, 0xff], // test rdi, rdi
  jump(0x74, "time done"), // jz
  [0x48, 0x89, 0x07], // mov [rdi], rax
  label("time done"),
  [0xc3], // ret
  label("time slow"),
  ...systemCall(SYS_TIME),
];

/** Where the host starts the guest to learn its counter: RAX := the counter, then any system call. */
export const CALIBRATE = "calibrate";
const calibrate: Code = [label(CALIBRATE), ...readCounter, [0x0f, 0x05]];

/** Names a program may look up; `calibrate` is ours alone. */
export const SYMBOLS = ["__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_time"] as const;

export function vdsoCode(dataPage: number): AssembledCode {
  return new AssembledCode([...clockGettime(dataPage), ...gettimeofday(dataPage), ...time(dataPage), ...calibrate]);
}
