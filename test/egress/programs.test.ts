import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { programMissing } from "../programs.ts";
import { gateTo, HOST, serveHttp } from "./world.ts";

/** Programs as they are, against real servers on this host's loopback under a name of the test's own. */
describe("programs use a way out unchanged", { skip: kvmMissing() }, () => {
  const directory = mkdtempSync(join(tmpdir(), "ztl-egress-programs-"));
  const big = randomBytes(3_000_000);
  const bigHash = createHash("sha256").update(big).digest("hex");
  const files = new Map<string, { readonly type: string; readonly body: Buffer }>([
    ["/big", { type: "application/octet-stream", body: big }],
  ]);
  let uploaded = "";
  let sandbox: Sandbox;
  let port = 0;
  let close = (): void => {};

  before(async () => {
    const { server, port: at } = await serveHttp(answer);
    port = at;
    close = () => {
      server.closeAllConnections();
      server.close();
    };
    sandbox = await Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, limits: { wallMs: 120_000, cpuMs: 120_000 } });
  });
  after(async () => {
    await sandbox.close();
    close();
    rmSync(directory, { recursive: true, force: true });
  });

  function answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === "PUT") {
      const hash = createHash("sha256");
      request
        .on("data", (bytes: Buffer) => hash.update(bytes))
        .on("end", () => {
          uploaded = hash.digest("hex");
          response.end("stored");
        });
      return;
    }
    const [path = ""] = (request.url ?? "").split("?");
    const file = files.get(path) ?? files.get(decodeURIComponent(path).replace(/\/$/, ""));
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": file.type, "content-length": file.body.length }).end(file.body);
  }

  async function shell(code: string): Promise<string> {
    const egress = gateTo([port]);
    const run = await sandbox.run(
      { tool: "shell", code: code.replaceAll("URL", `http://${HOST}:${port}`) },
      { egress },
    );
    assert.equal(run.status, "ok", `${run.stdoutText}${run.stderrText}`);
    assert.ok(run.egress.length > 0 && run.egress.every(({ address }) => address === "127.0.0.1"));
    return run.stdoutText.trim();
  }

  test("curl: down, up, and the same bytes", { skip: programMissing("curl") }, async () => {
    assert.equal(await shell("curl -fsS URL/big | sha256sum"), `${bigHash}  -`);
    assert.equal(await shell("curl -fsS URL/big -o big; curl -fsS -T big URL/up"), "stored");
    assert.equal(uploaded, bigHash);
  });

  test("wget", { skip: programMissing("wget") }, async () => {
    assert.equal(await shell("wget -q -O - URL/big | sha256sum"), `${bigHash}  -`);
  });

  test("Python's urllib and requests", { skip: programMissing("python3") }, async () => {
    const code = (get: string): string => `python3 -c "import hashlib; ${get}"`;
    const hash = (expression: string): string => `print(hashlib.sha256(${expression}).hexdigest())`;
    assert.equal(
      await shell(code(`import urllib.request; ${hash("urllib.request.urlopen('URL/big').read()")}`)),
      bigHash,
    );
    const requests = `try: import requests
except ImportError: print('SKIPPED: no requests here')
else: print(__import__('hashlib').sha256(requests.get('URL/big').content).hexdigest())`;
    const printed = await shell(`curl -fsS -o /dev/null URL/big; python3 - <<'EOF'\n${requests}\nEOF`);
    assert.ok(printed === bigHash || printed.startsWith("SKIPPED"), printed);
  });

  test("node's fetch", { skip: programMissing("node") }, async () => {
    const script = `fetch("URL/big").then((r) => r.arrayBuffer()).then((b) => console.log(require("crypto").createHash("sha256").update(Buffer.from(b)).digest("hex")))`;
    assert.equal(await shell(`node -e '${script}'`), bigHash);
  });

  test("git clone", { skip: programMissing("git") }, async () => {
    const work = join(directory, "repository");
    const git = (...args: string[]): string =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "gc.auto=0", ...args], {
        cwd: work,
        encoding: "utf8",
      });
    mkdirSync(work);
    git("init", "-q");
    for (let index = 0; index < 20; index++)
      writeFileSync(join(work, `file-${index}`), randomBytes(2000).toString("hex"));
    git("add", ".");
    git("commit", "-qm", "twenty files");
    git("repack", "-adq");
    git("update-server-info");
    serveTree(join(work, ".git"), "/repository.git");
    const head = git("rev-parse", "HEAD").trim();
    const tree = git("rev-parse", "HEAD^{tree}").trim();
    const printed = await shell(
      "git clone -q URL/repository.git here && cd here && git rev-parse HEAD 'HEAD^{tree}' && ls | wc -l",
    );
    assert.deepEqual(printed.split("\n"), [head, tree, "20"]);
  });

  test("pip install", { skip: programMissing("python3") }, async (t) => {
    const wheel = join(directory, "ztl_sample-1.0-py3-none-any.whl");
    execFileSync("python3", ["-c", WHEEL, wheel]);
    files.set("/simple/ztl-sample", {
      type: "text/html",
      body: Buffer.from('<a href="/wheels/ztl_sample-1.0-py3-none-any.whl">ztl_sample-1.0-py3-none-any.whl</a>'),
    });
    files.set("/wheels/ztl_sample-1.0-py3-none-any.whl", { type: "application/zip", body: readFileSync(wheel) });
    const hasPip = await sandbox.run({ tool: "shell", code: "python3 -m pip --version" });
    if (hasPip.status !== "ok") return t.skip("SKIPPED: no pip for the guest's Python");
    const install = `python3 -m pip install -q --disable-pip-version-check --no-cache-dir --trusted-host ${HOST} --index-url URL/simple --target here ztl-sample`;
    assert.equal(
      await shell(`${install} >&2 && PYTHONPATH=here python3 -c 'import ztl_sample; print(ztl_sample.ANSWER)'`),
      "42",
    );
  });

  test("npm install", { skip: programMissing("npm", "node") }, async (t) => {
    const at = execFileSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim();
    if (!at.startsWith("/usr/")) return t.skip(`SKIPPED: npm is at ${at}, where no guest sees it`);
    const source = join(directory, "package");
    mkdirSync(source);
    writeFileSync(
      join(source, "package.json"),
      JSON.stringify({ name: "ztl-sample", version: "1.0.0", main: "index.js" }),
    );
    writeFileSync(join(source, "index.js"), "module.exports = 42;\n");
    execFileSync("tar", ["-czf", join(directory, "sample.tgz"), "-C", directory, "package"]);
    const tarball = readFileSync(join(directory, "sample.tgz"));
    const dist = {
      tarball: `http://${HOST}:${port}/sample.tgz`,
      shasum: createHash("sha1").update(tarball).digest("hex"),
    };
    const version = { name: "ztl-sample", version: "1.0.0", main: "index.js", dist };
    const body = { name: "ztl-sample", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } };
    files.set("/ztl-sample", { type: "application/json", body: Buffer.from(JSON.stringify(body)) });
    files.set("/sample.tgz", { type: "application/octet-stream", body: tarball });
    const install = "npm install --silent --no-audit --no-fund --no-update-notifier --registry URL/ ztl-sample";
    assert.equal(
      await shell(`mkdir p && cd p && echo '{}' > package.json && ${install} >&2 && node -p 'require("ztl-sample")'`),
      "42",
    );
  });

  /** What lies below a directory, as a plain web server shows it. */
  function serveTree(root: string, at: string): void {
    const names = execFileSync("find", [".", "-type", "f"], { cwd: root, encoding: "utf8" }).trim().split("\n");
    for (const name of names)
      files.set(join(at, name), { type: "application/octet-stream", body: readFileSync(join(root, name)) });
  }
});

/** Makes a wheel of one module (PEP 427). */
const WHEEL = `
import sys, zipfile
info = 'ztl_sample-1.0.dist-info'
with zipfile.ZipFile(sys.argv[1], 'w') as z:
  z.writestr('ztl_sample.py', 'ANSWER = 42\\n')
  z.writestr(info + '/METADATA', 'Metadata-Version: 2.1\\nName: ztl-sample\\nVersion: 1.0\\n')
  z.writestr(info + '/WHEEL', 'Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
  z.writestr(info + '/RECORD', '')
`;
