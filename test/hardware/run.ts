import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EMULATOR_FAULTS } from "./emulator-faults.ts";
import { writeImage } from "./image.ts";
import { findKernel, KERNEL_DIRECTORY, type Kernel } from "./kernel.ts";
import { parseOutcome } from "./protocol.ts";

/**
 * Runs the tests on hardware virtualisation, whatever this machine has: QEMU emulates a processor with AMD-V, a
 * distribution's kernel boots on it with KVM, and the tests run there. `node test/hardware/run.ts [PATTERN...]`
 */

const EMULATOR = "qemu-system-x86_64";
/** All but the attacks was seen to take 22 minutes of one processor, of which a busy machine gives half; the attacks as much again. */
const TIMEOUT_MINUTES = Number(process.env.ZTL_HARDWARE_TIMEOUT_MINUTES ?? 120);
/** The unpacked image, a template cache in RAM and the cells of a pool; the emulator takes only what is touched. */
const MEMORY = "4G";
/** What depends on the processor, and the product around it; all the rest is the same code everywhere. */
const DEFAULT_PATTERNS = [
  "test/hardware/product.ts",
  "src/vmm/**/*.test.ts",
  "src/linux/syscalls/*.test.ts",
  "src/sandbox/sandbox.test.ts",
  "src/sandbox/pool/*.test.ts",
  "test/{isolation,conformance}/*.test.ts",
  "test/hardware/attacks.ts",
];
const EXIT_SKIPPED = 0;
const EXIT_FAILED = 1;

async function main(): Promise<number> {
  const kernel = findKernel();
  const missing = [...(hasEmulator() ? [] : [emulatorMissing()]), ...(kernel === undefined ? [kernelMissing()] : [])];
  if (kernel === undefined || missing.length > 0) {
    console.error(`\nSKIPPED, NOTHING IS VERIFIED ON AMD-V:\n${missing.join("\n")}\n`);
    return EXIT_SKIPPED;
  }
  const directory = mkdtempSync(join(tmpdir(), "ztl-hardware-"));
  try {
    return await runOn(kernel, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function runOn(kernel: Kernel, directory: string): Promise<number> {
  const image = join(directory, "image.cpio");
  const result = join(directory, "result.json");
  const patterns = process.argv.length > 2 ? process.argv.slice(2) : DEFAULT_PATTERNS;
  writeImage(image, fileURLToPath(new URL("../..", import.meta.url)), kernel, patterns);
  console.log(`${kernel.image}, image of ${Math.round(statSync(image).size / 2 ** 20)} MiB, emulated AMD-V`);
  const startedMs = Date.now();
  const inTime = await waitFor(boot(kernel.image, image, result));
  console.log(`The emulated machine ran for ${Math.round((Date.now() - startedMs) / 1000)} s.`);
  return report(result, inTime);
}

function boot(kernel: string, image: string, result: string): ChildProcess {
  const machine = ["-M", "q35", "-accel", "tcg", "-cpu", "max,+svm,+npt", "-smp", "1", "-m", MEMORY];
  const ports = ["-serial", "stdio", "-serial", `file:${result}`, "-display", "none", "-monitor", "none"];
  const start = ["-kernel", kernel, "-initrd", image, "-append", "console=ttyS0 quiet panic=-1", "-no-reboot"];
  return spawn(EMULATOR, [...machine, "-nodefaults", "-nic", "none", ...ports, ...start], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

/** False when the machine had to be ended. */
function waitFor(machine: ChildProcess): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => machine.kill("SIGKILL"), TIMEOUT_MINUTES * 60_000);
    const interrupt = () => machine.kill("SIGKILL");
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    machine.once("error", reject);
    machine.once("exit", (_code, signal) => {
      clearTimeout(timer);
      resolve(signal === null);
    });
  });
}

function report(result: string, inTime: boolean): number {
  const outcome = existsSync(result) ? parseOutcome(readFileSync(result, "utf8")) : undefined;
  if (outcome === undefined) {
    console.error(
      inTime
        ? "FAILED: the emulated machine stopped without a result."
        : `FAILED: ended after ${TIMEOUT_MINUTES} minutes, or by a signal; ZTL_HARDWARE_TIMEOUT_MINUTES gives more time.`,
    );
    return EXIT_FAILED;
  }
  const { passed, skipped, failures, emulatorFaults } = outcome;
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  for (const name of emulatorFaults) console.error(`NOT VERIFIED: ${name}: ${EMULATOR_FAULTS.get(name)}`);
  console.log(`On emulated AMD-V: ${passed} passed, ${failures.length} failed, ${skipped} skipped.`);
  return failures.length === 0 && passed > 0 ? 0 : EXIT_FAILED;
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
