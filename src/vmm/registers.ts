import { XSAVE_SIZE } from "./host/kvm-abi.ts";

/** RFLAGS bits a program may change (CF PF AF ZF SF TF DF OF NT RF AC ID); IF and bit 1 are always on, IOPL is 0. */
export const RFLAGS_USER = 0x254dd5;
export const RFLAGS_FIXED = 0x202;

/** A 64-bit register as a number, from its 32-bit halves; exact below 2^53. */
export function addressAt(registers32: Uint32Array, index: number): number {
  return (registers32[index] as number) + (registers32[index + 1] as number) * 2 ** 32;
}

export function setAddress(registers32: Uint32Array, index: number, address: number): void {
  registers32[index] = address >>> 0;
  registers32[index + 1] = Math.floor(address / 2 ** 32);
}

/** XSAVE image after FNINIT and with MXCSR's reset value (Intel SDM vol. 1, 13.4). */
export function initialFpu(): Uint8Array {
  const view = new DataView(new ArrayBuffer(XSAVE_SIZE));
  view.setUint16(0, 0x37f, true);
  view.setUint32(24, 0x1f80, true);
  view.setUint32(512, 3, true);
  return new Uint8Array(view.buffer);
}
