import { isJsonObject, type Json } from "../../base/json.ts";
import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import type { SandboxTool } from "../../policy/index.ts";
import type { ToolCall } from "../../sandbox/index.ts";

/**
 * What the sandbox is asked to run for a tool and an agent's input.
 *
 * A tool whose owner fixed the program (`code`, `file` or `program`) gets the input as JSON on standard input, and as
 * arguments where the owner wrote `{name}`: a value fills one argument or a part of one, is never parsed by a shell, and may
 * not begin an argument with `-`, for it would pass as an option. A tool without takes what to run from the input:
 * `{ code, args?, stdin? }`, or `{ program, args?, stdin? }` for `exec`.
 *
 * Throws ZtlError `input-invalid`: what the message says is meant for whoever called, the model included.
 */
export function toToolCall(tool: SandboxTool, input: Json): ToolCall {
  const around = {
    ...defined({ env: tool.env && { ...tool.env } }),
    ...defined({ cwd: tool.cwd }),
  };
  const fixedArgs = (tool.args ?? []).map((arg) => fill(arg, input));
  const json = { args: fixedArgs, stdin: JSON.stringify(input), ...around };
  if (tool.template === "exec") {
    if (tool.program !== undefined) return { tool: "exec", program: tool.program, ...json };
    const given = readInput(input, "program");
    return { tool: "exec", program: given.text, ...given.rest(fixedArgs), ...around };
  }
  if (tool.template === "python" && tool.file !== undefined) return { tool: "python", file: tool.file, ...json };
  if (tool.code !== undefined) return { tool: tool.template, code: tool.code, ...json };
  const given = readInput(input, "code");
  return { tool: tool.template, code: given.text, ...given.rest(fixedArgs), ...around };
}

interface GivenInput {
  readonly text: string;
  readonly rest: (fixedArgs: readonly string[]) => { args: string[]; stdin?: string };
}

function readInput(input: Json, member: "code" | "program"): GivenInput {
  if (!isJsonObject(input)) throw invalid(`Expected an object with ${member}, and optionally args and stdin`);
  const { [member]: text, args, stdin, ...others } = input;
  if (typeof text !== "string" || text === "") throw invalid(`Expected ${member}: a text`);
  if (args !== undefined && !isTexts(args)) throw invalid("Expected args: an array of texts");
  if (stdin !== undefined && typeof stdin !== "string") throw invalid("Expected stdin: a text");
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw invalid(`Expected only ${member}, args and stdin; there is more`);
  const rest = (fixedArgs: readonly string[]) => ({
    args: [...fixedArgs, ...(args ?? [])],
    ...defined({ stdin }),
  });
  return { text, rest };
}

const PLACE = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

function fill(arg: string, input: Json): string {
  const filled = arg.replace(PLACE, (_, name: string) => {
    const value = isJsonObject(input) && Object.hasOwn(input, name) ? input[name] : undefined;
    if (typeof value !== "string" && typeof value !== "number") throw invalid(`Expected ${name}: a text or a number`);
    const text = String(value);
    if (text.includes("\0")) throw invalid(`Expected ${name} without a NUL character`);
    return text;
  });
  if (filled.startsWith("-") && !arg.startsWith("-")) {
    throw invalid("An argument begins with - and would pass as an option; for a file, put ./ before it");
  }
  return filled;
}

function isTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function invalid(message: string): ZtlError {
  return new ZtlError("input-invalid", message);
}

/** What a list shows of a call: the code, or the program and its arguments. */
export function commandOf(call: ToolCall): string {
  switch (call.tool) {
    case "exec":
      return [call.program, ...(call.args ?? [])].join(" ");
    case "python":
      return call.code ?? [call.file, ...(call.args ?? [])].join(" ");
    case "shell":
      return call.code;
  }
}
