import { Register } from "./cpu.ts";
import type { KvmVcpu } from "./host/kvm.ts";
import { Run, SYNC_REGISTERS } from "./host/kvm-abi.ts";

/**
 * Pieces KVM cuts one access to the doorbell into: a 64-byte store in 1-byte pieces is the worst (KVM_MAX_MMIO_FRAGMENTS
 * is lower).
 */
const MAX_FRAGMENTS = 64;

/**
 * Lets KVM complete a half-done access to the doorbell, without running the guest any further; false when it does not.
 * What stayed half-done KVM would complete at the next entry, with the registers and in the memory of whatever runs then.
 * A repeated string instruction has as many accesses as its counter says, so this one is made its last; none would leave
 * what KVM read for a later access to find. The registers are afterwards as before, as after any fault.
 */
export function finishAccess(vcpu: KvmVcpu): boolean {
  const before = vcpu.registers.slice();
  vcpu.registers[Register.rcx] = 1n;
  // What a load gets is the program's from then on.
  vcpu.run.setBigUint64(Run.mmioData, 0n);
  vcpu.run32[Run.dirtyRegisters >> 2] = SYNC_REGISTERS;
  vcpu.run.setUint8(Run.immediateExit, 1);
  let isFinished = false;
  for (let piece = 0; piece < MAX_FRAGMENTS && !isFinished; piece++) isFinished = vcpu.enter() !== 0;
  vcpu.run.setUint8(Run.immediateExit, 0);
  vcpu.registers.set(before);
  return isFinished;
}
