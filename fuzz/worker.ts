import { loadFuzzer } from "./catalogue.ts";
import { saveFind } from "./find.ts";
import { Random } from "./fuzzer.ts";
import { Progress } from "./progress.ts";

/** What a worker is told, as JSON in its only argument. */
export interface WorkerOrder {
  readonly directory: string;
  readonly fuzzer: string;
  /** Input number i is made from seed + i. */
  readonly seed: number;
  readonly seconds: number;
  readonly progressPath: string;
  readonly findsDirectory: string;
}

/** The last line a worker prints. */
export interface WorkerReport {
  readonly inputs: number;
  readonly finds: readonly string[];
}

/** One fault is often found many times over; so many are enough to look at. */
const FINDS_MAX = 5;

async function work(order: WorkerOrder): Promise<WorkerReport> {
  const { seed, seconds, fuzzer: name } = order;
  const fuzzer = await loadFuzzer(order.directory, name);
  const progress = new Progress(order.progressPath);
  const close = await fuzzer.open?.();
  const finds: string[] = [];
  const end = performance.now() + seconds * 1000;
  let inputs = 0;
  for (; performance.now() < end && finds.length < FINDS_MAX; inputs++) {
    progress.at(inputs);
    const input = fuzzer.make(new Random(seed + inputs));
    try {
      await fuzzer.check(input);
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      finds.push(saveFind(order.findsDirectory, { fuzzer: name, seed: seed + inputs, input, reason }));
    }
  }
  await close?.();
  progress.close();
  return { inputs, finds };
}

const report = await work(JSON.parse(process.argv[2] as string) as WorkerOrder);
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
