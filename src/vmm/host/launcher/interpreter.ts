/**
 * The launcher's machine code: it makes the system calls of a table, one step after the other, and knows nothing of what
 * they are for. Node has several threads as soon as its first line runs, and most walls of Linux are put around one thread
 * at a time; what makes these calls is a process with a single thread, which then executes Node.
 */

/** Where things are in a step's 96 bytes. */
export const Step = {
  number: 0,
  /** Addresses of the steps to go on with: after an error, after a result of zero, after any other. */
  onError: 8,
  onZero: 16,
  onPositive: 24,
  arguments: 32,
  /** Address of the eight bytes that take the result. */
  result: 80,
  size: 96,
} as const;

/** Code for `rbx`, the address of the present step; nothing else is kept in a register. */
export function interpreterCode(firstStep: number): Uint8Array {
  const field = (offset: number): number => offset;
  const argument = (index: number): number => Step.arguments + 8 * index;
  const code: number[] = [
    ...[0xbb, ...littleEndian32(firstStep)], // mov ebx, firstStep
    // again:
    ...[0x48, 0x8b, 0x03], // mov rax, [rbx]
    ...[0x48, 0x8b, 0x7b, argument(0)], // mov rdi, …
    ...[0x48, 0x8b, 0x73, argument(1)], // mov rsi, …
    ...[0x48, 0x8b, 0x53, argument(2)], // mov rdx, …
    ...[0x4c, 0x8b, 0x53, argument(3)], // mov r10, …
    ...[0x4c, 0x8b, 0x43, argument(4)], // mov r8, …
    ...[0x4c, 0x8b, 0x4b, argument(5)], // mov r9, …
    ...[0x0f, 0x05], // syscall
    ...[0x48, 0x8b, 0x4b, field(Step.result)], // mov rcx, [rbx + result]
    ...[0x48, 0x89, 0x01], // mov [rcx], rax
    ...[0x48, 0x85, 0xc0], // test rax, rax
    ...[0x78, 14], // js error
    ...[0x74, 6], // jz zero
    ...[0x48, 0x8b, 0x5b, field(Step.onPositive)], // mov rbx, [rbx + onPositive]
  ];
  const again = 5;
  const goOn = (): void => void code.push(0xeb, again - (code.length + 2)); // jmp again
  goOn();
  code.push(0x48, 0x8b, 0x5b, field(Step.onZero)); // zero: mov rbx, [rbx + onZero]
  goOn();
  code.push(0x48, 0x8b, 0x5b, field(Step.onError)); // error: mov rbx, [rbx + onError]
  goOn();
  return Uint8Array.from(code.map((byte) => byte & 0xff));
}

function littleEndian32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
}
