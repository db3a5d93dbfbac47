import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { probeHost } from "../src/vmm/index.ts";

/** Where figures were measured; they mean nothing without it. */
export interface MachineDescription {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly kvm: string;
  readonly nested: boolean;
  readonly node: string;
  readonly python: string;
}

export function describeMachine(): MachineDescription {
  const probe = probeHost();
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    kvm: `${probe.modules.join(", ") || "built in"}, system calls arrive in ring ${probe.syscallRing ?? "?"}`,
    nested: probe.nested,
    node: process.version,
    python: execFileSync("python3", ["--version"], { encoding: "utf8" }).trim(),
  };
}
