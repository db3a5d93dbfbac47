import { AnnexVa, SystemVa } from "../../src/vmm/layout.ts";
import type { Attack } from "../attack.ts";
import { movRax, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const STORES = {
  "mov byte": "8800",
  "mov quad": "488900",
  movnti: "480fc300",
  xchg: "8600",
  "lock add": "f0480100",
  "lock cmpxchg16b": "f0480fc708",
  stosb: "4889c7 aa",
  "rep stosq": "4889c7 b900020000 f348ab",
  "rep movsb": "4889c7 48c7c600006000 b900100000 f3a4",
  movups: "0f1100",
  vmovups: "c5fc1100",
  // pcmpeqd xmm0, xmm0 first: with an empty mask a processor may store nothing and not even fault.
  maskmovdqu: "4889c7 660f76c0 660ff7c0",
  fxsave: "0fae00",
  xsave: "480fae20",
  fnstenv: "d930",
  push: "4889c4 50",
  "sgdt to it": "0f0100",
  "bts with a far bit": "480fab08",
  clzero: "0f01fc",
};
/** Of the annex a program may write the state, which nobody believes. */
const { code: annexCode, facts: annexFacts, content: annexContent } = AnnexVa;
const PLACES = Object.entries({ ...SystemVa, annexCode, annexFacts, annexContent }).flatMap(([name, address]) => [
  [name, address] as const,
  [`${name} + 8`, address + 8] as const,
  [`the end of ${name}`, address + 4088] as const,
]);

export const attack: Attack = {
  promise: 25,
  must: "No kind of store reaches the VMM's pages, and a store to the doorbell by hand is not taken for a system call.",
  needs: ["kvm"],
  hardware: true,
  timeoutMs: 120_000,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const tries = PLACES.flatMap(([place, address]) =>
      Object.entries(STORES).map(([store, code]): [string, Buffer] => [
        `${store} at ${place}`,
        program(movRax(address), code),
      ]),
    );
    await machine.endBySignal(tries, ["SIGSEGV", "SIGBUS", "SIGILL"]);
  },
};
