import { invariant } from "../../../errors.ts";
import { interpreterCode, Step } from "./interpreter.ts";
import { REPORT_HEADER_BYTES, reportHeader } from "./report-message.ts";

/** An argument of a system call: a number, the address of something in the table's memory, or what is known at the end. */
export type Argument = number | bigint | (() => number);

/** A place in a table that steps can be sent to before it is reached. */
export interface Label {
  readonly label: symbol;
}

export type Target = "next" | "die" | Label;

export interface StepOptions {
  /** What to do when the call fails. Default: die. */
  readonly onError?: Target;
  /** After a result of zero, after any other. Default: the next step. */
  readonly onZero?: Target;
  readonly onPositive?: Target;
}

interface PlannedStep extends Required<StepOptions> {
  readonly name: string;
  readonly layer: string | undefined;
  readonly number: number;
  readonly arguments: readonly Argument[];
  readonly resultAddress: number | undefined;
}

/** Where the program's three parts are loaded: below 2 GiB, so that addresses fit 32-bit immediates. */
const CODE_ADDRESS = 0x100000;
const STEPS_ADDRESS = 0x200000;
/** Here the report of the results begins; they follow its header. */
export const RESULTS_ADDRESS = 0x400000;
const DATA_ADDRESS = 0x600000;
/** More than any launch needs, far less than the room between the addresses above. */
const STEPS_MAX = 4096;

/** A list of system calls under construction, with the memory their arguments point to. */
export class CallTable {
  readonly #steps: PlannedStep[] = [];
  readonly #labels = new Map<symbol, number>();
  readonly #data: Uint8Array[] = [];
  #dataBytes = 0;
  /** What the steps added from now on are part of, so that a failing one tells what this host lacks. */
  layer: string | undefined;

  /** Adds bytes that arguments may point to. @returns their address. */
  bytes(bytes: Uint8Array): number {
    const address = DATA_ADDRESS + this.#dataBytes;
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    this.#data.push(padded);
    this.#dataBytes += padded.length;
    return address;
  }

  /** A string as C has it. @returns its address. */
  text(text: string): number {
    return this.bytes(Buffer.from(`${text}\0`));
  }

  /** A vector of strings that ends with a null pointer, as execve(2) takes it. @returns its address. */
  texts(texts: readonly string[]): number {
    const pointers = new BigUint64Array(texts.length + 1);
    texts.forEach((text, index) => {
      pointers[index] = BigInt(this.text(text));
    });
    return this.bytes(new Uint8Array(pointers.buffer));
  }

  newLabel(): Label {
    return { label: Symbol("label") };
  }

  /** The next step is where `label` is. */
  place({ label }: Label): void {
    this.#labels.set(label, this.#steps.length);
  }

  /**
   * Adds a system call. @param name what the report calls it.
   * @param resultAddress where its result is to be stored, if not among the results.
   */
  call(
    name: string,
    number: number,
    args: readonly Argument[],
    options: StepOptions = {},
    resultAddress?: number,
  ): number {
    const { onError = "die", onZero = "next", onPositive = "next" } = options;
    this.#steps.push({ name, layer: this.layer, number, arguments: args, onError, onZero, onPositive, resultAddress });
    invariant(this.#steps.length <= STEPS_MAX, "a launch has a bounded number of steps");
    return STEPS_ADDRESS + (this.#steps.length - 1) * Step.size;
  }

  get length(): number {
    return this.#steps.length;
  }

  /** The first step that the launch could not go on without and that failed, by the results a launcher reported. */
  failure(
    results: readonly number[],
  ): { readonly step: string; readonly layer?: string; readonly errno: number } | undefined {
    const index = this.#steps.findIndex((step, place) => step.onError === "die" && (results[place] ?? 0) < 0);
    const step = this.#steps[index];
    if (step === undefined) return undefined;
    return {
      step: step.name,
      ...(step.layer !== undefined && { layer: step.layer }),
      errno: -(results[index] as number),
    };
  }

  /** The whole as a static program for execve(2) (elf(5)). Steps that die go to `dying`. */
  toProgram(dying: Label): Uint8Array {
    const steps = new DataView(new ArrayBuffer(this.#steps.length * Step.size));
    this.#steps.forEach((step, index) => this.#writeStep(steps, index, step, dying));
    const data = new Uint8Array(Buffer.concat(this.#data));
    const results = new Uint8Array(REPORT_HEADER_BYTES + 8 * this.#steps.length);
    results.set(reportHeader("results", 8 * this.#steps.length));
    return elfProgram([
      { address: CODE_ADDRESS, bytes: interpreterCode(STEPS_ADDRESS), flags: PF_R | PF_X },
      { address: STEPS_ADDRESS, bytes: new Uint8Array(steps.buffer), flags: PF_R | PF_W },
      { address: RESULTS_ADDRESS, bytes: results, flags: PF_R | PF_W },
      { address: DATA_ADDRESS, bytes: data, flags: PF_R | PF_W },
    ]);
  }

  #writeStep(view: DataView, index: number, step: PlannedStep, dying: Label): void {
    const at = index * Step.size;
    const put = (offset: number, value: Argument): void =>
      view.setBigUint64(at + offset, BigInt.asUintN(64, BigInt(typeof value === "function" ? value() : value)), true);
    const addressOf = (target: Target): number => {
      const place = target === "next" ? index + 1 : this.#labels.get((target === "die" ? dying : target).label);
      invariant(place !== undefined, `step ${step.name} leads somewhere`);
      return STEPS_ADDRESS + place * Step.size;
    };
    put(Step.number, step.number);
    put(Step.onError, addressOf(step.onError));
    put(Step.onZero, addressOf(step.onZero));
    put(Step.onPositive, addressOf(step.onPositive));
    step.arguments.forEach((argument, position) => put(Step.arguments + 8 * position, argument));
    put(Step.result, step.resultAddress ?? RESULTS_ADDRESS + REPORT_HEADER_BYTES + 8 * index);
  }
}

/** Where a step's argument lies. */
export function argumentAddress(step: number, index: number): number {
  return step + Step.arguments + 8 * index;
}

/** elf.h */
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;
const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PAGE_BYTES = 4096;

interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly flags: number;
}

/** A static x86-64 executable that starts at the beginning of its first segment. */
function elfProgram(segments: readonly Segment[]): Uint8Array {
  const offsets: number[] = [];
  let size = PAGE_BYTES;
  for (const { bytes } of segments) {
    offsets.push(size);
    size += Math.ceil(bytes.length / PAGE_BYTES) * PAGE_BYTES;
  }
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  // Magic, 64 bits, little-endian, version 1; then ET_EXEC, EM_X86_64, version 1.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(segments[0]?.address ?? 0), true);
  view.setBigUint64(32, BigInt(ELF_HEADER_BYTES), true);
  view.setUint16(52, ELF_HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, segments.length + 1, true);
  segments.forEach(({ address, bytes, flags }, index) => {
    const at = ELF_HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
    view.setUint32(at, 1, true); // PT_LOAD
    view.setUint32(at + 4, flags, true);
    view.setBigUint64(at + 8, BigInt(offsets[index] as number), true);
    for (const place of [16, 24]) view.setBigUint64(at + place, BigInt(address), true);
    for (const length of [32, 40]) view.setBigUint64(at + length, BigInt(bytes.length), true);
    view.setBigUint64(at + 48, BigInt(PAGE_BYTES), true);
    file.set(bytes, offsets[index]);
  });
  // PT_GNU_STACK: without it the kernel would make the stack executable.
  const stack = ELF_HEADER_BYTES + segments.length * PROGRAM_HEADER_BYTES;
  view.setUint32(stack, 0x6474e551, true);
  view.setUint32(stack + 4, PF_R | PF_W, true);
  return file;
}
