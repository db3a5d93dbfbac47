import assert from "node:assert/strict";
import { DATA_ADDRESS } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { movRax, movRbx, movRdi, movRdx, movRsi, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

const MARK = "ztlztlztlztlztl!";
/** Loads the mark into all 16 vector registers, the x87 stack, and MXCSR's rounding, then ends. */
const FILL = [
  "48c7c000006000",
  ...Array.from({ length: 16 }, (_, register) => {
    const rex = register < 8 ? "0f10" : "440f10";
    return `${rex}${((register & 7) << 3).toString(16).padStart(2, "0")}`;
  }),
  "dd00 dd00 dd00 dd00 dd00 dd00 dd00 dd00",
  "c4e27d1a00 c4e27d1a38",
  "f3480faed0 f3480faed8",
].join(" ");
/** Stores everything a fresh program finds in its registers, and writes it out: FXSAVE, YMM's upper halves, the bases. */
const SHOW = [
  "49b80000600000000000",
  "410fae8000010000",
  ...Array.from({ length: 8 }, (_, register) => {
    const operand = (0x80 | (register << 3)).toString(16);
    return `c4c17d11${operand}${Buffer.from(Uint32Array.of(0x400 + 32 * register).buffer).toString("hex")}`;
  }),
  "f3480faec0 4989800006 0000".replaceAll(" 0000", "0000"),
  movRdi(1),
  movRsi(DATA_ADDRESS + 0x100),
  movRdx(0x600),
  movRax(1),
  "0f05",
].join(" ");

export const attack: Attack = {
  promise: 20,
  must: "A program finds nothing in vector, x87, mask and base registers of what the run before it left there.",
  needs: ["kvm"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const data = Buffer.alloc(16, MARK);
    const clean = await machine.run(program(SHOW), { data: Buffer.alloc(16) });
    assert.equal(clean.stdout.length, 0x600);
    assert.equal((await machine.run(program(FILL, movRbx(0)), { data })).status, "ok");
    const after = await machine.run(program(SHOW), { data: Buffer.alloc(16) });
    assert.deepEqual(Buffer.from(after.stdout), Buffer.from(clean.stdout));
    assert.ok(!Buffer.from(after.stdout).includes("ztl"));
    // The same program must be able to see the mark within one run, or nothing was looked at.
    const both = await machine.run(program(FILL, SHOW), { data });
    assert.ok(Buffer.from(both.stdout).includes(MARK));
  },
};
