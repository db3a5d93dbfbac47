import { deepFreeze } from "../../base/deep-freeze.ts";
import type { Json } from "../../base/json.ts";
import type { Policy, SandboxTool, ToolConfig } from "../../policy/index.ts";

import type { Caller } from "./caller.ts";

/** A tool as a model is told of it: what frameworks and model APIs call a tool or function definition. */
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (draft 2020-12) of the input. */
  readonly inputSchema: { readonly [key: string]: Json };
  /** Where a call of it is made; what runs elsewhere is the framework's to run, once it is permitted. */
  readonly runs: "in-micro-vm" | "elsewhere";
}

/** All that an agent may use, in the order of the configuration. */
export function describeTools(
  policy: Policy,
  { agent, narrowing }: Pick<Caller, "agent" | "narrowing">,
): ToolDescription[] {
  const granted = policy.toolsOf(agent).filter((name) => narrowing.grants(name));
  return granted.flatMap((name) => {
    const tool = policy.tool(name);
    return tool === undefined ? [] : [describeTool(name, tool)];
  });
}

function describeTool(name: string, tool: ToolConfig): ToolDescription {
  const inputSchema = (tool.inputSchema ?? defaultSchema(tool)) as ToolDescription["inputSchema"];
  const runs = tool.external ? "elsewhere" : "in-micro-vm";
  return deepFreeze({ name, description: tool.description ?? defaultDescription(name, tool), inputSchema, runs });
}

function defaultDescription(name: string, tool: ToolConfig): string {
  if (tool.external) return `The tool ${name}.`;
  return tool.template === "exec" ? `Runs a program in a sandbox.` : `Runs ${tool.template} code in a sandbox.`;
}

const TEXT = { type: "string" } as const;
const ARGS = { type: "array", items: TEXT, description: "Arguments of the program." } as const;
const STDIN = { ...TEXT, description: "Text on standard input." } as const;

function defaultSchema(tool: ToolConfig): ToolDescription["inputSchema"] {
  if (tool.external) return { type: "object" };
  if (isFixed(tool))
    return object(
      Object.fromEntries(placesOf(tool).map((place) => [place, { type: ["string", "number"] }])),
      placesOf(tool),
      true,
    );
  if (tool.template === "exec")
    return object(
      { program: { ...TEXT, description: "Path or name of the program." }, args: ARGS, stdin: STDIN },
      ["program"],
      false,
    );
  const code = { ...TEXT, description: tool.template === "python" ? "Python source code." : "A shell script." };
  return object({ code, args: ARGS, stdin: STDIN }, ["code"], false);
}

/** Whether the owner chose what runs; the input is then data for it. */
function isFixed(tool: SandboxTool): boolean {
  return "program" in tool
    ? tool.program !== undefined
    : ("file" in tool && tool.file !== undefined) || ("code" in tool && tool.code !== undefined);
}

function placesOf({ args = [] }: SandboxTool): string[] {
  return [
    ...new Set(
      args.flatMap((arg) => [...arg.matchAll(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([, place = ""]) => place)),
    ),
  ];
}

function object(
  properties: Record<string, Json>,
  required: readonly string[],
  additionalProperties: boolean,
): { readonly [key: string]: Json } {
  return { type: "object", properties, required: [...required], additionalProperties };
}
