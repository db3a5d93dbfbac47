import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ZtlError } from "../../errors.ts";
import { PROBLEMS_SHOWN_MAX } from "../limits.ts";
import { SAMPLE } from "../testing.ts";
import { defineConfig, parseConfig } from "./parse.ts";
import type { Problem } from "./problem.ts";
import { STARTER_CONFIG } from "./starter.ts";

type Edit = (config: Record<string, Record<string, Record<string, unknown>>>) => unknown;

const mount = { host: "in", guest: "/in", mode: "ro" };

/** One thing wrong with the sample each time, where it must be found and what must be said of it. */
const BAD: readonly [title: string, edit: Edit, path: string, message: RegExp][] = [
  ["no agents", (c) => delete c.agents, "agents", /^is required$/],
  ["agents as a list", (c) => Object.assign(c, { agents: [] }), "agents", /expected record, received array/],
  ["a misspelt section", (c) => Object.assign(c, { rolls: {} }), "rolls", /no such setting; did you mean "roles"\?$/],
  ["a section nobody knows", (c) => Object.assign(c, { quux: {} }), "quux", /no such setting$/],
  ["an agent without a role", (c) => delete c.agents?.writer?.role, "agents.writer.role", /^is required$/],
  [
    "a misspelt role",
    (c) => set(c.agents?.writer, "role", "edtior"),
    "agents.writer.role",
    /"edtior"; did you mean "editor"\?$/,
  ],
  [
    "a role that objects inherit",
    (c) => set(c.agents?.writer, "role", "valueOf"),
    "agents.writer.role",
    /no role "valueOf"$/,
  ],
  [
    "a misspelt agent to write to",
    (c) => set(c.agents?.writer, "mayMessage", ["reseacher"]),
    "agents.writer.mayMessage.0",
    /did you mean "researcher"/,
  ],
  [
    "an agent's name with a blank",
    (c) => set(c.agents, "the writer", { role: "editor" }),
    "agents.the writer",
    /must be a name/,
  ],
  [
    "an agent's name that is too long",
    (c) => set(c.agents, "w".repeat(129), { role: "editor" }),
    `agents.${"w".repeat(129)}`,
    /must be a name/,
  ],
  ["a role without tools", (c) => delete c.roles?.reader?.tools, "roles.reader.tools", /^is required$/],
  [
    "a misspelt tool",
    (c) => set(c.roles?.reader, "tools", ["clock", "read_pgae"]),
    "roles.reader.tools.1",
    /no tool "read_pgae"; did you mean "read_page"\?$/,
  ],
  [
    "a prefix of no tool",
    (c) => set(c.roles?.reader, "tools", ["write_*"]),
    "roles.reader.tools.0",
    /no tool "write_\*"/,
  ],
  [
    "a pattern with * inside",
    (c) => set(c.roles?.reader, "tools", ["re*d"]),
    "roles.reader.tools.0",
    /beginning of names with \* after it/,
  ],
  [
    "a question about no tool",
    (c) => set(c.roles?.reader, "ask", ["clocks"]),
    "roles.reader.ask.0",
    /did you mean "clock"/,
  ],
  ["a limit of nothing", (c) => set(c.roles?.reader, "limits", { wallMs: 0 }), "roles.reader.limits.wallMs", />=1/],
  [
    "a misspelt limit",
    (c) => set(c.roles?.reader, "limits", { memoryByte: 1 }),
    "roles.reader.limits.memoryByte",
    /did you mean "memoryBytes"/,
  ],
  [
    "a limit as text",
    (c) => set(c.tools?.edit, "limits", { wallMs: "5s" }),
    "tools.edit.limits.wallMs",
    /expected number/,
  ],
  [
    "a limit with a fraction",
    (c) => set(c.tools?.edit, "limits", { processes: 1.5 }),
    "tools.edit.limits.processes",
    /expected int/,
  ],
  [
    "a tool without a template",
    (c) => delete c.tools?.edit?.template,
    "tools.edit.template",
    /^must be one of "python", "shell", "exec"$/,
  ],
  [
    "an unknown template",
    (c) => set(c.tools?.edit, "template", "perl"),
    "tools.edit.template",
    /must be one of "python", "shell", "exec"/,
  ],
  ["a wrong kind", (c) => set(c.tools?.edit, "external", "yes"), "tools.edit.external", /must be one of true, false/],
  [
    "a template of an external tool",
    (c) => set(c.tools?.deploy, "template", "shell"),
    "tools.deploy.template",
    /does not belong to this kind of tool/,
  ],
  [
    "a program of a shell tool",
    (c) => set(c.tools?.edit, "program", "ls"),
    "tools.edit.program",
    /does not belong to this kind of tool/,
  ],
  ["a misspelt setting of a tool", (c) => set(c.tools?.edit, "mount", []), "tools.edit.mount", /did you mean "mounts"/],
  ["code and file at once", (c) => set(c.tools?.read_pdf, "code", "1"), "tools.read_pdf.file", /either code or file/],
  ["a NUL in code", (c) => set(c.tools?.edit, "code", "a\0b"), "tools.edit.code", /NUL/],
  [
    "an unknown answer to ask",
    (c) => set(c.tools?.edit, "ask", "sometimes"),
    "tools.edit.ask",
    /"never"\|"always"\|"when-tainted"/,
  ],
  [
    "a misspelt trust",
    (c) => set(c.tools?.edit, "output", { trust: "trust" }),
    "tools.edit.output.trust",
    /"trusted"\|"untrusted"/,
  ],
  [
    "a mount without a place",
    (c) => set(c.tools?.edit, "mounts", [{ host: "in", mode: "ro" }]),
    "tools.edit.mounts.0.guest",
    /^is required$/,
  ],
  [
    "a mount at a relative place",
    (c) => set(c.tools?.edit, "mounts", [{ ...mount, guest: "in" }]),
    "tools.edit.mounts.0.guest",
    /absolute, normalised/,
  ],
  [
    "a mount at a place with ..",
    (c) => set(c.tools?.edit, "mounts", [{ ...mount, guest: "/in/../etc" }]),
    "tools.edit.mounts.0.guest",
    /absolute, normalised/,
  ],
  [
    "a writable mount",
    (c) => set(c.tools?.edit, "mounts", [{ ...mount, mode: "rw" }]),
    "tools.edit.mounts.0.mode",
    /"ro"\|"overlay"/,
  ],
  [
    "a home that is not expanded",
    (c) => set(c.tools?.edit, "mounts", [{ ...mount, host: "~/in" }]),
    "tools.edit.mounts.0.host",
    /~ is not expanded/,
  ],
  [
    "two mounts at one place",
    (c) => set(c.tools?.edit, "mounts", [mount, mount]),
    "tools.edit.mounts.1.guest",
    /"\/in" is the place of another mount/,
  ],
  [
    "a mount that shows the keys",
    (c) => Object.assign(c, { stateDirectory: "vault/state" }),
    "tools.read_secret.mounts.0.host",
    /state directory/,
  ],
  [
    "a mount within the state directory",
    (c) => Object.assign(c, { stateDirectory: "." }),
    "tools.edit.mounts.0.host",
    /state directory/,
  ],
  ["a variable with =", (c) => set(c.tools?.edit, "env", { "A=B": "1" }), "tools.edit.env.A=B", /without =/],
  [
    "a guard model that is a file",
    (c) => Object.assign(c, { guard: { model: { url: "file:///m", model: "m" } } }),
    "guard.model.url",
    /URL/,
  ],
  [
    "an expiry of no time",
    (c) => Object.assign(c, { approvals: { expireAfterMs: 0 } }),
    "approvals.expireAfterMs",
    />=1/,
  ],
  [
    "a wall nobody knows",
    (c) => Object.assign(c, { isolation: { landlok: "required" } }),
    "isolation.landlok",
    /no such setting; did you mean "landlock"\?$/,
  ],
  [
    "a demand that is none",
    (c) => Object.assign(c, { isolation: { network: "requried" } }),
    "isolation.network",
    /"required"\|"preferred"/,
  ],
  ["a wall that is switched on", (c) => Object.assign(c, { isolation: { pid: true } }), "isolation.pid", /"required"/],
  ["walls as a list", (c) => Object.assign(c, { isolation: ["landlock"] }), "isolation", /expected object/],
  ["a function", (c) => set(c.tools?.edit, "code", () => 1), "tools.edit.code", /plain data, not a function/],
  ["an instance", (c) => Object.assign(c, { tools: new Map() }), "tools", /not an instance of a class/],
];

function set(target: Record<string, unknown> | undefined, key: string, value: unknown): void {
  Object.assign(target as object, { [key]: value });
}

function problemsOf(config: unknown): readonly Problem[] {
  try {
    parseConfig(config, { directory: "/srv/agent" });
  } catch (error) {
    assert.ok(ZtlError.isInstance(error));
    assert.equal(error.code, "config-invalid");
    return error.details.problems as readonly Problem[];
  }
  return [];
}

describe("what is wrong is told with its place", () => {
  for (const [title, edit, path, message] of BAD)
    test(title, () => {
      const config = structuredClone(SAMPLE) as unknown as Parameters<Edit>[0];
      edit(config);
      const problem = problemsOf(config).find((one) => one.path === path);
      assert.match(problem?.message ?? JSON.stringify(problemsOf(config)), message);
    });

  test("a value that is no object", () => {
    for (const value of [null, undefined, 1, "{}", [], () => 1]) assert.notDeepEqual(problemsOf(value), []);
  });
});

test("all problems are told at once; a long list is cut in the message only", () => {
  const agents = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`a${i}`, { role: 1 }]));
  assert.equal(problemsOf({ ...SAMPLE, agents, roles: 1 }).length, 51);
  assert.throws(
    () => parseConfig({ ...SAMPLE, agents }, { directory: "/", file: "my.json" }),
    (error: Error) => {
      assert.match(error.message, /^my\.json is not a valid configuration:\n {2}agents\.a0\.role: /);
      assert.match(error.message, /… and 30 more$/);
      return error.message.split("\n").length === PROBLEMS_SHOWN_MAX + 2;
    },
  );
});

test("the sample, the one to begin with and an empty one are valid", () => {
  for (const config of [SAMPLE, STARTER_CONFIG, { agents: {}, roles: {}, tools: {} }])
    assert.deepEqual(problemsOf(config), []);
});

test("what was checked can be checked again and stays the same", () => {
  const once = parseConfig(SAMPLE, { directory: "/srv/agent" });
  assert.deepEqual(parseConfig(once, { directory: "/elsewhere" }), once);
});

test("a Python's path begins at the configuration, its name is looked for in PATH", () => {
  const programOf = (program: string): string | undefined =>
    parseConfig({ ...SAMPLE, python: { program } }, { directory: "/srv/agent" }).python?.program;
  assert.equal(programOf(".venv/bin/python3"), "/srv/agent/.venv/bin/python3");
  assert.equal(programOf("/opt/python3"), "/opt/python3");
  assert.equal(programOf("python3.12"), "python3.12");
  assert.match(problemsOf({ ...SAMPLE, python: { progam: "python3" } })[0]?.message ?? "", /did you mean "program"/);
  assert.match(problemsOf({ ...SAMPLE, python: { program: "~/bin/python3" } })[0]?.message ?? "", /~ is not expanded/);
});

test("defineConfig returns what it is given", () => {
  const config = { agents: {}, roles: {}, tools: {} };
  assert.equal(defineConfig(config), config);
});
