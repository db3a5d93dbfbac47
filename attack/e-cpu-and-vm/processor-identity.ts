import assert from "node:assert/strict";
import { DATA_ADDRESS } from "../../test/attack/elf.ts";
import type { Attack } from "../attack.ts";
import { movRax, movRdi, movRdx, movRsi, program } from "./assembly.helper.ts";
import { MachineCode } from "./machine-code.helper.ts";

/** Leaves that hold the number of the processor they are asked on (Intel SDM vol. 2, CPUID), with a subleaf. */
const LEAVES = [
  [1, 0],
  [0xb, 0],
  [0xb, 1],
  [0x1f, 0],
  [0x8000_001e, 0],
] as const;

/** cpuid for each leaf, results stored one after the other; then rdtscp's and rdpid's processor number; written out. */
const SHOW = [
  "49b80000600000000000",
  ...LEAVES.map(
    ([leaf, subleaf]) =>
      `b8${Buffer.from(Uint32Array.of(leaf).buffer).toString("hex")} b9${Buffer.from(Uint32Array.of(subleaf).buffer).toString("hex")} 0fa2 418900 41895804 41894808 4189500c 4983c010`,
  ),
  "0f01f9 418908 4983c004",
  movRdi(1),
  movRsi(DATA_ADDRESS),
  movRdx(16 * LEAVES.length + 4),
  movRax(1),
  "0f05",
].join(" ");
const RUNS = 12;

export const attack: Attack = {
  promise: 8,
  must: "`cpuid` and `rdtscp` tell a program the same in every run, and so not on which of the host's processors it runs.",
  needs: ["hidden-processor"],
  hardware: true,
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const seen = new Set<string>();
    for (let index = 0; index < RUNS; index++) {
      // A busy moment in between, so that the host has a reason to move the cell.
      const { stdout } = await machine.run(program(SHOW));
      assert.equal(stdout.length, 16 * LEAVES.length + 4);
      seen.add(Buffer.from(stdout).toString("hex"));
      for (const until = performance.now() + 5; performance.now() < until; );
    }
    assert.equal(seen.size, 1, [...seen].join("\n"));
  },
};
