const MAX = 0xffff_ffff_ffff_ffffn;

/**
 * A number as the unsigned 64-bit integer a structure holds. Large values of the guest's own choosing lose low bits as
 * numbers, and the largest round up to 2^64: they come back as the largest there is.
 */
export function toU64(value: number): bigint {
  const wide = BigInt(value);
  return wide > MAX ? MAX : BigInt.asUintN(64, wide);
}
