import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { syscallRing } from "../../src/vmm/syscall-ring.ts";
import { DATA_ADDRESS } from "../../test/attack/elf.ts";
import { kvmMissing } from "../../test/kvm.ts";
import type { Attack } from "../attack.ts";
import { descendants } from "../processes.ts";
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
/** Runs on each of the host's processors in turn. */
const RUNS_EACH = 4;

/** On hosts that answer system calls in ring 3, where nothing intercepts these instructions (THREAT_MODEL.md). */
const isParavirtual = kvmMissing() === false && syscallRing() === 3;

/** All threads of all cells, where the host lets us (taskset(1)); else it moves them when it likes. */
function moveCells(processor: number): void {
  for (const pid of descendants()) spawnSync("taskset", ["-acp", String(processor), String(pid)]);
}

export const attack: Attack = {
  promise: 8,
  must: "`cpuid` and `rdtscp` tell a program the same in every run, and so not on which of the host's processors it runs.",
  needs: ["kvm"],
  hardware: true,
  ...(isParavirtual && {
    known: "a paravirtual KVM does not intercept cpuid: THREAT_MODEL.md, which processor a guest runs on",
  }),
  async run(stage) {
    const machine = await MachineCode.on(stage);
    const seen = new Set<string>();
    const processors = cpus()
      .slice(0, 4)
      .flatMap((_, processor) => Array.from({ length: RUNS_EACH }, () => processor));
    for (const processor of processors) {
      moveCells(processor);
      const { stdout } = await machine.run(program(SHOW));
      assert.equal(stdout.length, 16 * LEAVES.length + 4);
      seen.add(Buffer.from(stdout).toString("hex"));
    }
    assert.equal(seen.size, 1, [...seen].join("\n"));
  },
};
