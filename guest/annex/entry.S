/*
 * Where `syscall` lands: saves the program's registers, asks annex_main, and either goes back to the program with the result
 * or on to the doorbell, with everything as the program left it. One entry for each ring that a host may deliver `syscall` in.
 */
.intel_syntax noprefix
.section .note.GNU-stack, "", @progbits

/* In the order of `struct kvm_regs`. */
.macro save
  mov [rip + STATE], rax
  mov [rip + STATE + 8], rbx
  mov [rip + STATE + 16], rcx
  mov [rip + STATE + 24], rdx
  mov [rip + STATE + 32], rsi
  mov [rip + STATE + 40], rdi
  mov [rip + STATE + 48], rsp
  mov [rip + STATE + 56], rbp
  mov [rip + STATE + 64], r8
  mov [rip + STATE + 72], r9
  mov [rip + STATE + 80], r10
  mov [rip + STATE + 88], r11
  mov [rip + STATE + 96], r12
  mov [rip + STATE + 104], r13
  mov [rip + STATE + 112], r14
  mov [rip + STATE + 120], r15
.endm

/* annex_main keeps RBX, RBP and R12 to R15 (System V AMD64 ABI, 3.2.1). */
.macro restore
  mov rcx, [rip + STATE + 16]
  mov rdx, [rip + STATE + 24]
  mov rsi, [rip + STATE + 32]
  mov rdi, [rip + STATE + 40]
  mov rsp, [rip + STATE + 48]
  mov r8, [rip + STATE + 64]
  mov r9, [rip + STATE + 72]
  mov r10, [rip + STATE + 80]
  mov r11, [rip + STATE + 88]
.endm

.macro ask ring
  save
  mov edi, \ring
  lea rsp, [rip + STACK_TOP]
  cld
  call annex_main
  test eax, eax
  jz ring_the_bell
  restore
.endm

.section .text.entry, "ax"
.global entry_ring3
entry_ring3:
  ask 3
  /* RFLAGS := R11, which holds nothing but the flags of arithmetic: SAHF takes all of them but OF, which an addition sets. */
  mov eax, r11d
  shl eax, 8
  bt r11d, 11
  setc al
  add al, 0x7f
  sahf
  mov rax, [rip + STATE + 128]
  jmp rcx

.balign 512, 0xf4
.global entry_ring0
entry_ring0:
  ask 0
  mov rax, [rip + STATE + 128]
  rex.w sysret

ring_the_bell:
  restore
  mov rax, [rip + STATE]
  jmp DOORBELL_STUB
