import { invariant } from "../../errors.ts";

/** A conditional jump with an 8-bit distance, or the place of a label. */
interface Jump {
  readonly opcode: number;
  readonly to: string;
}
interface Label {
  readonly label: string;
}

/** Machine code as a list of instructions. */
export type Code = readonly (readonly number[] | Jump | Label)[];

export const jump = (opcode: number, to: string): Jump => ({ opcode, to });
export const label = (name: string): Label => ({ label: name });

const isLabel = (item: Code[number]): item is Label => "label" in item;
const isJump = (item: Code[number]): item is Jump => "to" in item;

/** Code with its labels resolved. */
export class AssembledCode {
  readonly bytes: Uint8Array;
  /** Offset of each label. */
  readonly labels: ReadonlyMap<string, number>;

  constructor(code: Code) {
    const labels = new Map<string, number>();
    let size = 0;
    for (const item of code) {
      if (isLabel(item)) labels.set(item.label, size);
      else size += isJump(item) ? 2 : item.length;
    }
    const bytes: number[] = [];
    for (const item of code) {
      if (isLabel(item)) continue;
      if (!isJump(item)) {
        bytes.push(...item);
        continue;
      }
      const distance = (labels.get(item.to) ?? Number.NaN) - (bytes.length + 2);
      invariant(distance >= -128 && distance < 128, `a short jump to ${item.to} has a target in reach`);
      bytes.push(item.opcode, distance & 0xff);
    }
    this.bytes = Uint8Array.from(bytes);
    this.labels = labels;
  }
}
