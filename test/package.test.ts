import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { kvmMissing } from "./kvm.ts";

/** What users of the adapters have installed beside this package. */
const PEERS = ["@langchain", "ai", "@ai-sdk"];

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly repository: { readonly url: string };
  readonly homepage: string;
  readonly bugs: { readonly url: string };
}

/** The package as a user gets it: packed, put beside its dependencies, and used from there. */
suite("the packed package", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const place = mkdtempSync(join(tmpdir(), "ztl-package-"));
  const installed = join(place, "node_modules", "zero-trust-loop");
  const env = { ...process.env, XDG_STATE_HOME: join(place, "state") };
  after(() => rmSync(place, { recursive: true, force: true }));

  before(() => {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", place], { cwd: root, stdio: "pipe" });
    mkdirSync(installed, { recursive: true });
    execFileSync("sh", ["-c", `tar xzf zero-trust-loop-*.tgz --strip-components=1 -C ${installed}`], { cwd: place });
    const { dependencies } = manifest();
    // Native parts of a dependency come as packages of their own, beside it.
    for (const name of [...Object.keys(dependencies), "@koromix", "sqlite-vec-linux-x64", ...PEERS]) {
      const link = join(place, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, "node_modules", name), link);
    }
  });

  function manifest(): Manifest {
    return JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Manifest;
  }

  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: place, encoding: "utf8", env });

  test("holds no tests", () => {
    const files = execFileSync("find", [installed, "-name", "*test*"], { encoding: "utf8" });
    assert.equal(files, "");
  });

  test("its bill of materials names every dependency, and no tool of development", () => {
    const bom = JSON.parse(readFileSync(join(installed, "dist", "sbom.cdx.json"), "utf8")) as {
      components: { name: string; version: string; group?: string }[];
    };
    const listed = bom.components.map(({ name, version }) => `${name}@${version}`);
    const { dependencies, devDependencies } = manifest();
    for (const [name, version] of Object.entries(dependencies)) assert.ok(listed.includes(`${name}@${version}`), name);
    for (const name of Object.keys(devDependencies))
      assert.ok(!listed.some((entry) => entry.startsWith(`${name}@`)), name);
  });

  test("its addresses are the owner's, or placeholders that nobody can register", (t) => {
    const { repository, homepage, bugs } = manifest();
    const addresses = { repository: repository.url, homepage, bugs: bugs.url };
    for (const [field, address] of Object.entries(addresses)) {
      const { protocol, hostname } = new URL(address);
      assert.equal(protocol, "https:", field);
      // RFC 2606 reserves .invalid.
      if (hostname.endsWith(".invalid")) t.diagnostic(`TO BE FILLED by the owner before publishing: ${field}`);
    }
  });

  test("its command runs", () => {
    const { stdout, status, stderr } = run(join(installed, "bin", "ztl.js"), "--version");
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test("what it exports can be imported", () => {
    const exported = {
      "": ["ZeroTrustLoop", "Sandbox"],
      "/langchain": ["GuardedVectorStore"],
      "/langgraph": ["guardedTools"],
      "/ai-sdk": ["guardedTools", "toolApproval"],
    };
    for (const [path, names] of Object.entries(exported)) {
      const types = names.map((name) => `typeof m.${name}`).join(", ");
      const code = `const m = await import("zero-trust-loop${path}"); console.log(${types})`;
      const { stdout, stderr } = run("--input-type=module", "-e", code);
      assert.equal(stdout, `${names.map(() => "function").join(" ")}\n`, stderr);
    }
  });

  test("the demo runs from it, page and all", { skip: kvmMissing() }, () => {
    const { stdout, stderr, status } = run(join(installed, "bin", "ztl.js"), "demo", "--json", "--fast");
    assert.equal(status, 0, stderr + stdout);
  });
});
