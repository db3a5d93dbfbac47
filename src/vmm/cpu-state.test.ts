import assert from "node:assert/strict";
import { test } from "node:test";
import { Register } from "./cpu.ts";
import { cpuFeatures } from "./cpu-features.ts";
import { syscallRing } from "./syscall-ring.ts";
import { CODE, Code, kvmMissing, testGuest } from "./testing.ts";

const options = { skip: kvmMissing };

/** Offsets in the XSAVE image (Intel SDM vol. 1, 13.4): MXCSR, XMM0, the header's feature bits. */
const MXCSR = 24;
const XMM0 = 160;

test("FPU and vector state is kept over switches between two programs", options, () => {
  // vmovq xmm0, rax; syscall; vmovq rax, xmm0; syscall; and round again
  const code = [
    0xc4,
    0xe1,
    0xf9,
    0x6e,
    0xc0,
    ...Code.syscall,
    0xc4,
    0xe1,
    0xf9,
    0x7e,
    0xc0,
    ...Code.syscall,
    0xeb,
    0xf8,
  ];
  const { cpu, machine } = testGuest(code);
  const states = [1n, 2n, 3n].map((value) => {
    cpu.writeFpu(cpu.initialFpu);
    cpu.registers[Register.rip] = BigInt(CODE);
    cpu.registers[Register.rax] = value * 0x1111_1111_1111_1111n;
    assert.equal(cpu.run().kind, "syscall");
    const fpu = new Uint8Array(cpu.fpuBytes);
    cpu.readFpu(fpu);
    return { fpu, registers: cpu.registers.slice(), value: value * 0x1111_1111_1111_1111n };
  });
  for (const { fpu, registers, value } of [...states].reverse()) {
    cpu.writeFpu(fpu);
    cpu.registers.set(registers);
    cpu.registers[Register.rax] = 0n;
    assert.equal(cpu.run().kind, "syscall");
    assert.equal(cpu.registers[Register.rax], value);
  }
  machine.close();
});

test("a new program finds the FPU as Linux leaves it", options, () => {
  const { cpu, machine } = testGuest(Code.syscall);
  cpu.run();
  const fpu = new Uint8Array(cpu.fpuBytes);
  cpu.readFpu(fpu);
  const view = new DataView(fpu.buffer);
  assert.equal(view.getUint16(0, true), 0x37f, "control word");
  assert.equal(view.getUint32(MXCSR, true), 0x1f80);
  assert.ok(fpu.subarray(XMM0, XMM0 + 256).every((byte) => byte === 0));
  machine.close();
});

test("the widest vector registers are kept as well", { ...options }, (t) => {
  if ((cpuFeatures().xcr0 & 4) === 0) return t.skip("NOT TESTED: this host's CPU has no AVX");
  // vpcmpeqb ymm7, ymm7, ymm7; syscall; vextractf128 xmm0, ymm7, 1; vmovq rax, xmm0; syscall
  const upper = [0xc4, 0xe3, 0x7d, 0x19, 0xf8, 1, 0xc4, 0xe1, 0xf9, 0x7e, 0xc0, ...Code.syscall];
  const { cpu, machine } = testGuest([0xc5, 0xc5, 0x74, 0xff, ...Code.syscall, ...upper]);
  cpu.run();
  const fpu = new Uint8Array(cpu.fpuBytes);
  cpu.readFpu(fpu);
  cpu.writeFpu(cpu.initialFpu);
  cpu.writeFpu(fpu);
  assert.equal(cpu.run().kind, "syscall");
  assert.equal(cpu.registers[Register.rax], 2n ** 64n - 1n);
  return machine.close();
});

/** Runs cpuid for one leaf in a guest. */
function guestCpuid(leaf: number, subleaf: number): { eax: number; ebx: number; ecx: number; edx: number } {
  const { cpu, machine } = testGuest([0x0f, 0xa2, ...Code.syscall]);
  cpu.registers[Register.rax] = BigInt(leaf);
  cpu.registers[Register.rcx] = BigInt(subleaf);
  cpu.run();
  const r = cpu.registers32;
  // `syscall` overwrites RCX, so ECX is lost: read it in a second guest that moves it first.
  const [eax, ebx, edx] = [r[0] as number, r[2] as number, r[6] as number];
  machine.close();
  const second = testGuest([0x0f, 0xa2, 0x89, 0xc8, ...Code.syscall]);
  second.cpu.registers[Register.rax] = BigInt(leaf);
  second.cpu.registers[Register.rcx] = BigInt(subleaf);
  second.cpu.run();
  const ecx = second.cpu.registers32[0] as number;
  second.machine.close();
  return { eax, ebx, ecx, edx };
}

test("what the guest's CPU announces agrees with what its XCR0 enables", options, () => {
  assert.equal((guestCpuid(1, 0).ecx >>> 27) & 1, 1, "OSXSAVE");
  const leafD = guestCpuid(0xd, 0);
  // xor ecx, ecx; xgetbv; syscall
  const { cpu, machine } = testGuest([0x31, 0xc9, 0x0f, 0x01, 0xd0, ...Code.syscall]);
  cpu.run();
  assert.equal(cpu.registers32[0], cpuFeatures().xcr0);
  assert.equal(leafD.eax & cpuFeatures().xcr0, cpuFeatures().xcr0);
  assert.ok(leafD.ebx <= cpu.fpuBytes, "the state fits the image");
  machine.close();
});

test("the guest sees our CPUID, not the host's", { ...options }, (t) => {
  // A paravirtual KVM runs ring 3 without intercepting `cpuid`, so programs see the host's, as any process there does.
  if (syscallRing() === 3) return t.skip("this host does not intercept cpuid");
  assert.equal(guestCpuid(1, 0).ecx >>> 31, 0, "no hypervisor bit");
  assert.equal(guestCpuid(7, 0).ecx & 0x8, 0, "no protection keys");
  assert.equal(guestCpuid(0xd, 0).eax, cpuFeatures().xcr0);
});
