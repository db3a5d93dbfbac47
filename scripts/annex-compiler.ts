import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AnnexVa, SystemVa } from "../src/vmm/layout.ts";

const SOURCES = fileURLToPath(new URL("../guest/annex", import.meta.url));

const COMPILER_OPTIONS = [
  ...["-O2", "-std=c11", "-ffreestanding", "-fno-builtin", "-fno-pic", "-mcmodel=large"],
  // No state of the vector unit, which is the program's; no tables or calls that the compiler thinks of by itself.
  ...["-mgeneral-regs-only", "-fno-jump-tables", "-fno-tree-loop-distribute-patterns", "-fno-stack-protector"],
  ...["-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-Wall", "-Wextra", "-Werror"],
];

const ADDRESSES: Readonly<Record<string, number>> = {
  STATE: AnnexVa.state,
  STACK_TOP: AnnexVa.stackTop,
  DOORBELL_STUB: SystemVa.syscallStub,
};

/** Undefined where there is no compiler. */
export function findCompiler(): string | undefined {
  try {
    return compilerVersion();
  } catch {
    return undefined;
  }
}

export function compilerVersion(): string {
  return execFileSync("gcc", ["--version"], { encoding: "utf8" }).split("\n")[0] ?? "";
}

/** The annex's machine code, from its first instruction to its last. */
export function compileAnnex(): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "ztl-annex-"));
  const inDirectory = (name: string): string => join(directory, name);
  const run = (program: string, ...args: string[]): void => {
    execFileSync(program, args, { cwd: directory, stdio: ["ignore", "ignore", "inherit"] });
  };
  try {
    run("gcc", ...COMPILER_OPTIONS, "-c", join(SOURCES, "annex.c"), "-o", inDirectory("annex.o"));
    run("gcc", "-c", join(SOURCES, "entry.S"), "-o", inDirectory("entry.o"));
    const symbols = Object.entries(ADDRESSES).flatMap(([name, address]) => ["--defsym", `${name}=${address}`]);
    const place = [`-Ttext=0x${AnnexVa.code.toString(16)}`, "-e", "entry_ring3"];
    run("ld", "-nostdlib", "-static", "--build-id=none", ...place, ...symbols, "entry.o", "annex.o", "-o", "annex.elf");
    run("objcopy", "-O", "binary", "--only-section=.text", "annex.elf", "annex.bin");
    return readFileSync(inDirectory("annex.bin"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
