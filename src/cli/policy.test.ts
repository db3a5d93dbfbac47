import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { configJsonSchema } from "../policy/index.ts";

/** The command as a user starts it, in processes of its own. */

const launcher = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "ztl-policy-"));
const empty = mkdtempSync(join(tmpdir(), "ztl-policy-"));
after(() => {
  for (const made of [directory, empty]) rmSync(made, { recursive: true, force: true });
});

mkdirSync(join(directory, "in"));
writeFileSync(
  join(directory, "ztl.config.json"),
  JSON.stringify({
    agents: { ann: { role: "reader", mayMessage: ["bob"] }, bob: { role: "nothing" } },
    roles: { reader: { tools: ["read", "send"] }, nothing: { tools: [] } },
    tools: {
      read: { template: "python", mounts: [{ host: "in", guest: "/in", mode: "ro" }] },
      send: { external: true, effect: "outward" },
      unused: { external: true },
    },
  }),
);

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function policy(args: readonly string[], cwd = directory, env: Readonly<Record<string, string>> = {}): Answer {
  const options = { encoding: "utf8", cwd, env: { ...process.env, ...env } } as const;
  return spawnSync(process.execPath, [launcher, "policy", ...args], options);
}

test("check lists who may use what, clean and tainted", () => {
  const { status, stdout } = policy(["check"]);
  assert.equal(status, 0);
  assert.match(stdout, /ztl\.config\.json is valid; its hash is [0-9a-f]{64}\n/);
  assert.match(stdout, /^ann +reader +read +run +run$/m);
  assert.match(stdout, /^ann +reader +send +run +ask \(rule-of-two\)$/m);
  assert.doesNotMatch(stdout, /^bob/m);
  assert.match(stdout, /^Tools that no agent may use: unused$/m);
});

test("check refuses mounts of ztl's own directories, and of the kernel's", () => {
  const cache = join(empty, "cache");
  const state = join(empty, "state");
  const own = join(cache, "zero-trust-loop");
  mkdirSync(own, { recursive: true });
  symlinkSync(own, join(empty, "link"));
  const check = (host: string): Answer => {
    const path = join(empty, "mounts.json");
    const tools = { read: { template: "shell", mounts: [{ host, guest: "/m", mode: "ro" }] } };
    writeFileSync(path, JSON.stringify({ agents: {}, roles: {}, tools }));
    return policy(["check", "--config", path], empty, { XDG_CACHE_HOME: cache, XDG_STATE_HOME: state });
  };
  for (const host of [own, join(own, "key"), join(empty, "link"), "/proc", "/sys/kernel"]) {
    const { status, stderr } = check(host);
    assert.equal(status, 125, host);
    assert.ok(stderr.includes(`${host} cannot be mounted`), stderr);
  }
  // A cache is left out of what is mounted around it; a state is not to lie in a mount at all.
  assert.equal(check(cache).status, 0);
  assert.match(check(empty).stderr, /state directory .* lie in one another/);
  assert.ok(!existsSync(state), "nothing is made");
});

test("check tells of mounts that cannot be made, of which tool, and what to do", () => {
  const path = join(empty, "missing.json");
  const mounts = [
    { host: "not-there", guest: "/m", mode: "overlay" },
    { host: "/", guest: "/all", mode: "ro" },
  ];
  writeFileSync(path, JSON.stringify({ agents: {}, roles: {}, tools: { edit: { template: "shell", mounts } } }));
  const { status, stderr } = policy(["check", "--config", path]);
  assert.equal(status, 125);
  assert.match(stderr, /tools\.edit\.mounts\.0\.host: There is no .*not-there .*\. Make the directory/);
  assert.match(stderr, /tools\.edit\.mounts\.1\.host: \/ cannot be mounted: .*\. Mount the directories/);
});

test("check says which walls are demanded", () => {
  const path = join(empty, "walls.json");
  const isolation = { landlock: "required", network: "required", pid: "preferred" };
  writeFileSync(path, JSON.stringify({ isolation, agents: {}, roles: {}, tools: {} }));
  const { status, stdout } = policy(["check", "--config", path]);
  assert.equal(status, 0);
  assert.match(stdout, /^Tools run only with these walls .*\(ztl doctor .*\): network, landlock$/m);
  assert.deepEqual(JSON.parse(policy(["check", "--config", path, "--json"]).stdout).isolation, isolation);
  assert.deepEqual(JSON.parse(policy(["check", "--json"]).stdout).isolation, {});
  assert.doesNotMatch(policy(["check"]).stdout, /walls/);
});

describe("check explains one decision, and its exit status says which", () => {
  const ann = ["check", "--agent", "ann"];
  const cases: readonly [args: readonly string[], status: number, decision: string, rule: string][] = [
    [[...ann, "--tool", "read", "--tainted", "untrusted,private"], 0, "run", "roles.reader.tools"],
    [[...ann, "--tool", "send", "--tainted", "untrusted"], 0, "run", "roles.reader.tools"],
    [[...ann, "--tool", "send", "--tainted", "private,untrusted"], 3, "ask", "rule-of-two"],
    [[...ann, "--tool", "unused"], 4, "refuse", "default-deny"],
    [[...ann, "--tool", "__proto__"], 4, "refuse", "default-deny"],
    [[...ann, "--to", "bob"], 0, "run", "agents.ann.mayMessage"],
    [["check", "--agent", "bob", "--to", "ann"], 4, "refuse", "default-deny"],
  ];
  for (const [args, status, decision, rule] of cases)
    test(args.join(" "), () => {
      const text = policy(args);
      assert.equal(text.status, status, text.stderr);
      assert.match(
        text.stdout,
        new RegExp(`^${decision}: [A-Z].*\\.\\n\\n(.*\\n)*=> +${rule.replaceAll(".", "\\.")} `),
      );
      const json = policy([...args, "--json"]);
      assert.equal(json.status, status);
      const found = JSON.parse(json.stdout) as { decision: string; rule: string };
      assert.deepEqual([found.decision, found.rule], [decision, rule]);
    });
});

test("check --json lists the same permissions", () => {
  const { permissions } = JSON.parse(policy(["check", "--json"]).stdout) as {
    permissions: { agent: string; tool: string; clean: { decision: string }; tainted: { decision: string } }[];
  };
  assert.deepEqual(
    permissions.map(({ agent, tool, clean, tainted }) => [agent, tool, clean.decision, tainted.decision]),
    [
      ["ann", "read", "run", "run"],
      ["ann", "send", "run", "ask"],
    ],
  );
});

test("init writes a configuration that check accepts, and never a second one", () => {
  assert.equal(policy(["check"], empty).status, 125, "there is none yet");
  assert.equal(policy(["init"], empty).status, 0);
  assert.match(policy(["check"], empty).stdout, /^assistant +worker +python +run +run$/m);
  const before = readFileSync(join(empty, "ztl.config.json"), "utf8");
  assert.equal(policy(["init"], empty).status, 125);
  assert.equal(readFileSync(join(empty, "ztl.config.json"), "utf8"), before);
});

describe("a configuration that is a program is not run because it lies there", () => {
  const names = ["ts", "mts", "cts", "js", "mjs", "cjs"].map((ending) => `ztl.config.${ending}`);
  for (const name of names)
    test(name, () => {
      const place = mkdtempSync(join(empty, "module-"));
      const ran = join(place, "ran");
      // CommonJS and ES modules both have process.
      const code = `process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(ran)}, "");\n`;
      writeFileSync(join(place, name), code);
      const alone = policy(["check"], place);
      assert.equal(alone.status, 125);
      assert.match(alone.stderr, new RegExp(`${name} is a program.*\\n.*--config \\S*${name}`));
      assert.equal(policy(["init"], place).status, 0, "there is no other configuration");
      const { status, stderr } = policy(["check"], place);
      assert.equal(status, 0);
      assert.match(stderr, new RegExp(`^ztl: using \\S*ztl.config.json; \\S*${name} is a program.*--config`));
      assert.equal(existsSync(ran), false);
      policy(["check", "--config", name], place);
      assert.equal(existsSync(ran), true, "named, it is");
    });
});

test("schema prints the JSON schema", () => {
  assert.deepEqual(JSON.parse(policy(["schema"]).stdout), JSON.parse(JSON.stringify(configJsonSchema())));
});

test("a wrong configuration is told with its places, status 125", () => {
  const path = join(empty, "wrong.json");
  writeFileSync(path, '{"agents": {"a\\u001b[2J": {}}, "roles": {}, "tools": {}}');
  const { status, stdout, stderr } = policy(["check", "--config", path]);
  assert.deepEqual([status, stdout], [125, ""]);
  assert.match(stderr, /wrong\.json is not a valid configuration:\n {2}agents\.a⟦U\+001B⟧\[2J: /);
});

test("help says the exit statuses; a wrong command line has status 125", () => {
  assert.match(policy(["--help"]).stdout, /Exit status: 0 it would run/);
  assert.equal(policy(["check", "--help"]).status, 0);
  for (const args of [
    [],
    ["fly"],
    ["schema", "now"],
    ["check", "--agent", "ann"],
    ["check", "--tool", "read"],
    ["check", "--agent", "ann", "--tool", "read", "--to", "bob"],
    ["check", "--agent", "ann", "--tool", "read", "--tainted", "very"],
    ["check", "--tainted", "private"],
    ["check", "--unknown"],
  ]) {
    const { status, stdout } = policy(args);
    assert.deepEqual([status, stdout], [125, ""], args.join(" "));
  }
});
