import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Boot, type HardwareArguments, HELP, parseHardwareArguments } from "./arguments.ts";
import { EMULATOR_FAULTS } from "./emulator-faults.ts";
import { writeImage } from "./image.ts";
import { findKernel, KERNEL_DIRECTORY, type Kernel } from "./kernel.ts";
import { type Outcome, parseOutcome } from "./protocol.ts";

/** Runs tests on hardware virtualisation, whatever this machine has: QEMU emulates a processor with AMD-V; HELP says how. */

const EMULATOR = "qemu-system-x86_64";
/** The unpacked image, a template cache in RAM and the cells of a pool; the emulator takes only what is touched. */
const MEMORY = "4G";
/**
 * Without the mitigations, which an emulated processor does not need and is slowed down by, and without the test whether the
 * timer works, which fails where other programs leave the emulator no time (admin-guide/kernel-parameters).
 */
const START_OPTIONS = "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check";
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_MISSING = 3;

/** This process was told to end: no further machine is started. */
let interrupted = false;

interface Report {
  readonly name: string;
  readonly outcome: Outcome | undefined;
  readonly seconds: number;
}

async function main(): Promise<number> {
  let wanted: HardwareArguments;
  try {
    wanted = parseHardwareArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return EXIT_USAGE;
  }
  if (wanted.help) {
    console.log(HELP);
    return 0;
  }
  const kernel = findKernel();
  const missing = [...(hasEmulator() ? [] : [emulatorMissing()]), ...(kernel === undefined ? [kernelMissing()] : [])];
  if (kernel === undefined || missing.length > 0) {
    console.error(`\nSKIPPED, NOTHING IS VERIFIED ON AMD-V:\n${missing.join("\n")}\n`);
    return EXIT_MISSING;
  }
  return runAll(kernel, wanted);
}

async function runAll(kernel: Kernel, { boots, minutes, patience }: HardwareArguments): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "ztl-hardware-"));
  const reports: Report[] = [];
  try {
    for (const one of boots) {
      reports.push(await runOn(kernel, { ...one, directory, minutes, patience }));
      if (interrupted) break;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  console.log("");
  for (const one of reports) for (const line of linesOf(one)) console.log(line);
  const left = boots.slice(reports.length).map(({ name }) => name);
  if (left.length > 0) console.log(`NOT STARTED: ${left.join(", ")}`);
  return left.length === 0 && reports.every(isGood) ? 0 : EXIT_FAILED;
}

async function runOn(
  kernel: Kernel,
  { name, order, directory, minutes, patience }: Boot & { directory: string; minutes: number; patience: number },
): Promise<Report> {
  const image = join(directory, "image.cpio");
  const result = join(directory, "result.jsonl");
  rmSync(result, { force: true });
  writeImage(image, fileURLToPath(new URL("../..", import.meta.url)), kernel, order, patience);
  console.log(`\n${name}: ${kernel.image}, emulated AMD-V, ${minutes} minutes at most`);
  const startedMs = Date.now();
  await ended(boot(kernel.image, image, result), minutes);
  const outcome = existsSync(result) ? parseOutcome(readFileSync(result, "utf8")) : undefined;
  return { name, outcome, seconds: Math.round((Date.now() - startedMs) / 1000) };
}

function boot(kernel: string, image: string, result: string): ChildProcess {
  const machine = ["-M", "q35", "-accel", "tcg", "-cpu", "max,+svm,+npt", "-smp", "1", "-m", MEMORY];
  const ports = ["-serial", "stdio", "-serial", `file:${result}`, "-display", "none", "-monitor", "none"];
  const start = ["-kernel", kernel, "-initrd", image, "-append", START_OPTIONS, "-no-reboot"];
  return spawn(EMULATOR, [...machine, "-nodefaults", "-nic", "none", ...ports, ...start], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

/** Waits until the machine has ended, which it does not outlive its time, or this process being told to end. */
async function ended(machine: ChildProcess, minutes: number): Promise<void> {
  const end = (): boolean => machine.kill("SIGKILL");
  const interrupt = (): void => {
    interrupted = true;
    end();
  };
  const timer = setTimeout(end, minutes * 60_000);
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    await once(machine, "exit");
  } finally {
    clearTimeout(timer);
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function isGood({ outcome }: Report): boolean {
  return outcome?.complete === true && outcome.failures.length === 0 && outcome.passed > 0;
}

function linesOf({ name, outcome, seconds }: Report): string[] {
  if (outcome === undefined) return [`${name}: FAILED, the machine ended without a result after ${seconds} s`];
  const { complete, passed, skipped, failures, emulatorFaults } = outcome;
  const counts = `${passed} passed, ${failures.length} failed, ${skipped} skipped in ${seconds} s`;
  return [
    `${name} on emulated AMD-V: ${counts}${complete ? "" : "; NOT FINISHED, the machine was ended or stopped"}`,
    ...failures.map((failure) => `  FAILED: ${failure}`),
    ...emulatorFaults.map((fault) => `  NOT VERIFIED: ${fault}: ${EMULATOR_FAULTS.get(fault)}`),
  ];
}

function hasEmulator(): boolean {
  return spawnSync(EMULATOR, ["--version"]).status === 0;
}

function emulatorMissing(): string {
  return `  ${EMULATOR} is not installed (Debian: apt-get install --no-install-recommends qemu-system-x86)`;
}

function kernelMissing(): string {
  return [
    `  No kernel with kvm-amd in ${process.env[KERNEL_DIRECTORY] ?? "/boot and /lib/modules"}. On Debian, without installing one:`,
    "    apt-get download $(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ { print $2; exit }')",
    "    dpkg-deb -x linux-image-*.deb kernel",
    `    ${KERNEL_DIRECTORY}=$PWD/kernel npm run test:hardware`,
  ].join("\n");
}

process.exitCode = await main();
