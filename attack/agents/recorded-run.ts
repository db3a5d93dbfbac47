import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { z } from "zod";

/** A run of an agent with a real model, as somebody else recorded it; `convert.ts` makes such from AgentDojo's files. */

const callSchema = z.object({
  name: z.string(),
  args: z.record(z.string(), z.unknown()),
  /** What the tool returned, or null. */
  result: z.string().nullish(),
  error: z.string().nullish(),
});
const stepSchema = z.object({
  /** What the model said; a step without it is something else's turn. */
  say: z.string().nullish(),
  calls: z.array(callSchema).nullish(),
});
const runSchema = z.object({
  id: z.string(),
  model: z.string(),
  suite: z.string(),
  userTask: z.string(),
  injectionTask: z.string().nullable(),
  attack: z.string().nullable(),
  /** Whether the agent did what the injected text asked for. */
  attackSucceeded: z.boolean(),
  taskDone: z.boolean(),
  /** What the person asked for. */
  task: z.string(),
  steps: z.array(stepSchema),
});

export type RecordedRun = Readonly<z.infer<typeof runSchema>>;
export type RecordedCall = Readonly<z.infer<typeof callSchema>>;

export function callsOf({ steps }: RecordedRun): readonly RecordedCall[] {
  return steps.flatMap(({ calls }) => calls ?? []);
}

/** What the model read of a call: an error's words may be somebody else's, too. */
export function contentOf({ result, error }: RecordedCall): string {
  return [result, error].filter((text) => typeof text === "string" && text !== "").join("\n");
}

/** Reads a file of one JSON text a line, compressed (`.gz`) or not. Throws for a line that is no run. */
export async function readRuns(path: string): Promise<RecordedRun[]> {
  const file = createReadStream(path);
  const lines = createInterface({ input: path.endsWith(".gz") ? file.pipe(createGunzip()) : file });
  const runs: RecordedRun[] = [];
  for await (const line of lines) {
    if (line === "") continue;
    const run = runSchema.safeParse(JSON.parse(line));
    if (!run.success) throw new Error(`${path}, run ${runs.length + 1}: ${z.prettifyError(run.error)}`);
    runs.push(run.data);
  }
  return runs;
}
