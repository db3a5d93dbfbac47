import { parseArgs } from "node:util";
import type { Order } from "./protocol.ts";

/** The command line of `npm run test:hardware`. */

/** All tests were seen to take 22 minutes on an idle processor, a class of attacks 30; a busy one gives half. */
const MINUTES_DEFAULT = 75;
/** On an idle machine; see test/patience.ts. */
const PATIENCE_DEFAULT = 20;
const ATTACKS = "test/hardware/attacks.ts";
/** Classes with attacks that depend on the processor: the machine, its paging, and going back. */
const CLASSES = ["f", "i", "e"];
/** What depends on the processor, and the product around it; all the rest is the same code everywhere. */
const PATTERNS = [
  "test/hardware/product.ts",
  "src/vmm/**/*.test.ts",
  "src/linux/syscalls/*.test.ts",
  "src/sandbox/sandbox.test.ts",
  "src/sandbox/pool/*.test.ts",
  "test/{isolation,conformance}/*.test.ts",
];

export const HELP = `npm run test:hardware [-- [OPTIONS] [PATTERN... | attack [X...]]]

Runs tests in a machine of QEMU's with an emulated AMD-V, in which KVM works as on real hardware.

  (nothing)           the tests that depend on the processor, then the attacks of classes ${CLASSES.join(", ")}
  PATTERN...          only the test files that match, all in one machine
  attack [X...]       only these classes of attacks (letter or name) or attacks (class/file); a machine for each
                      argument, so X,Y share one
  --minutes N         how long each machine may run; default ${MINUTES_DEFAULT}
  --patience N        how many times longer things may take than on a real processor; default ${PATIENCE_DEFAULT}, and more
                      where other programs take most of this machine's time
  --help

Exit status: 0 all passed; 1 something failed, or did not come to its turn; 2 wrong command line; 3 nothing was tried,
because the emulator or a kernel for it is missing.
`;

/** What one emulated machine is to do. */
export interface Boot {
  readonly name: string;
  readonly order: Order;
}

export interface HardwareArguments {
  readonly help: boolean;
  readonly minutes: number;
  readonly patience: number;
  readonly boots: readonly Boot[];
}

/** Throws for what is no command line of this. */
export function parseHardwareArguments(args: readonly string[]): HardwareArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h", default: false },
      minutes: { type: "string" },
      patience: { type: "string" },
    },
    allowPositionals: true,
  });
  const minutes = Number(values.minutes ?? MINUTES_DEFAULT);
  if (!(minutes > 0)) throw new Error("--minutes takes a number of minutes");
  const patience = Number(values.patience ?? PATIENCE_DEFAULT);
  if (!(patience >= 1 && patience <= 1000)) throw new Error("--patience takes a number from 1 to 1000");
  return { help: values.help, minutes, patience, boots: bootsFor(positionals) };
}

function bootsFor([first, ...rest]: readonly string[]): Boot[] {
  if (first === undefined) return [testsOf(PATTERNS), ...CLASSES.map(attacksOf)];
  if (first !== "attack") return [testsOf([first, ...rest])];
  return (rest.length === 0 ? CLASSES : rest).map(attacksOf);
}

function testsOf(patterns: readonly string[]): Boot {
  return { name: "tests", order: { patterns, classes: [] } };
}

function attacksOf(classes: string): Boot {
  return { name: `attack ${classes}`, order: { patterns: [ATTACKS], classes: classes.split(",") } };
}
