import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { RecordedRun } from "./recorded-run.ts";

/**
 * Makes a file of recorded runs from those that AgentDojo publishes (its `runs` directory: one JSON file a run):
 *
 *     node attack/agents/convert.ts DIRECTORY > runs.jsonl
 *
 * System prompts are left out; so is what the recording's own defence did with the messages.
 */

const textSchema = z
  .union([z.string(), z.array(z.object({ content: z.string().nullish() })), z.null()])
  .optional()
  .transform((value) => (Array.isArray(value) ? value.map(({ content }) => content ?? "").join("") : (value ?? "")));
const toolCallSchema = z.object({
  function: z.string(),
  args: z.record(z.string(), z.unknown()).nullish(),
  id: z.string().nullish(),
});
const messageSchema = z.object({
  role: z.string(),
  content: textSchema,
  tool_calls: z.array(toolCallSchema).nullish(),
  tool_call_id: z.string().nullish(),
  error: z.string().nullish(),
});
const fileSchema = z.object({
  suite_name: z.string(),
  pipeline_name: z.string(),
  user_task_id: z.string(),
  injection_task_id: z.string().nullish(),
  attack_type: z.string().nullish(),
  messages: z.array(messageSchema),
  /** Whether the task was done, and whether the injected one was. */
  utility: z.boolean(),
  security: z.boolean(),
});

type Message = z.infer<typeof messageSchema>;

/** Throws for what is no run, or one that broke off without an outcome. */
export function convert(json: unknown): RecordedRun {
  const file = fileSchema.parse(json);
  const injectionTask = file.injection_task_id ?? null;
  const [task] = file.messages.filter(({ role }) => role === "user");
  return {
    id: [file.pipeline_name, file.suite_name, file.user_task_id, injectionTask ?? "none"].join("/"),
    model: file.pipeline_name,
    suite: file.suite_name,
    userTask: file.user_task_id,
    injectionTask,
    attack: injectionTask === null ? null : (file.attack_type ?? "unknown"),
    // Without an injected task the field says that nothing went wrong.
    attackSucceeded: injectionTask !== null && file.security,
    taskDone: file.utility,
    task: task?.content ?? "",
    steps: stepsOf(file.messages),
  };
}

function stepsOf(messages: readonly Message[]): RecordedRun["steps"] {
  return messages.flatMap((message, index) => {
    if (message.role !== "assistant") return [];
    const results = resultsAfter(messages, index);
    const calls = (message.tool_calls ?? []).map(({ function: name, args, id }, position) => {
      // Some models give no ids; their results follow in the order of the calls.
      const result = results.find(({ tool_call_id }) => id && tool_call_id === id) ?? results[position];
      const error = result?.error ?? null;
      return { name, args: args ?? {}, result: result?.content ?? null, ...(error === null ? {} : { error }) };
    });
    return [{ say: message.content, calls }];
  });
}

/** The tools' messages between one of the model's and the next. */
function resultsAfter(messages: readonly Message[], index: number): readonly Message[] {
  const rest = messages.slice(index + 1);
  const next = rest.findIndex(({ role }) => role === "assistant");
  return rest.slice(0, next === -1 ? undefined : next).filter(({ role }) => role === "tool");
}

function main(directory: string | undefined): void {
  if (directory === undefined) {
    console.error("node attack/agents/convert.ts DIRECTORY > runs.jsonl");
    process.exitCode = 2;
    return;
  }
  for (const path of globSync("**/*.json", { cwd: directory }).sort()) {
    try {
      console.log(JSON.stringify(convert(JSON.parse(readFileSync(join(directory, path), "utf8")))));
    } catch (error) {
      console.error(`${path} is left out: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`);
    }
  }
}

if (import.meta.main) main(process.argv[2]);
