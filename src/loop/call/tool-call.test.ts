import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../base/json.ts";
import { Policy, type SandboxTool } from "../../policy/index.ts";
import { commandOf, toToolCall } from "./tool-call.ts";

function tool(config: object): SandboxTool {
  const policy = new Policy({ agents: {}, roles: {}, tools: { it: config as never } });
  return policy.tool("it") as SandboxTool;
}

const pdf = tool({ template: "exec", program: "/usr/bin/pdftotext", args: ["-layout", "{file}", "-"] });

test("a fixed program gets the input as JSON, and its members where the owner put them", () => {
  assert.deepEqual(toToolCall(pdf, { file: "a b.pdf" }), {
    tool: "exec",
    program: "/usr/bin/pdftotext",
    args: ["-layout", "a b.pdf", "-"],
    stdin: '{"file":"a b.pdf"}',
  });
});

test("a value that would pass as an option is refused, as is one that is missing or no text", () => {
  const inputs: Json[] = [{ file: "-help" }, {}, { file: null }, { file: ["a"] }, null, [], "a", { file: "a\0b" }];
  for (const input of inputs)
    assert.throws(() => toToolCall(pdf, input), { code: "input-invalid" }, JSON.stringify(input));
  assert.deepEqual(toToolCall(tool({ template: "shell", code: "x", args: ["--to={to}"] }), { to: "-a" }).args, [
    "--to=-a",
  ]);
});

test("what every object inherits is no member of the input", () => {
  const inherits = tool({ template: "shell", code: "x", args: ["{constructor}"] });
  assert.throws(() => toToolCall(inherits, {}), { code: "input-invalid" });
});

test("an agent that brings its own code may bring arguments and standard input, and nothing else", () => {
  const free = tool({ template: "python", args: ["fixed"] });
  assert.deepEqual(toToolCall(free, { code: "1", args: ["a"], stdin: "s" }), {
    tool: "python",
    code: "1",
    args: ["fixed", "a"],
    stdin: "s",
  });
  const wrong: Json[] = [
    {},
    { code: "" },
    { code: 1 },
    { code: "1", env: {} },
    { code: "1", args: [1] },
    { code: "1", stdin: 1 },
  ];
  for (const input of wrong)
    assert.throws(() => toToolCall(free, input), { code: "input-invalid" }, JSON.stringify(input));
});

test("exec without a program takes it from the input; the command names it", () => {
  const call = toToolCall(tool({ template: "exec" }), { program: "ls", args: ["-l"] });
  assert.equal(commandOf(call), "ls -l");
});

test("no input makes more arguments than the owner wrote", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (input) => {
      try {
        assert.equal(toToolCall(pdf, { file: input } as Json).args?.length, 3);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "input-invalid");
      }
    }),
  );
});
