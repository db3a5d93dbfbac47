import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Sandbox } from "../../src/index.ts";
import { findHostPython } from "../../src/sandbox/templates/host-python.ts";
import { kvmMissing } from "../kvm.ts";
import { programMissing } from "../programs.ts";
import { type Case, pythonCases, shellCases, toolCases } from "./cases.ts";
import { normalise, type Observed, runNatively } from "./native.ts";
import { makePdf } from "./pdf.ts";

/*
 * The same program, natively and in a micro-VM: same output, same errors, same exit status. The native run is the
 * reference; nothing expected is written down here.
 */

const GUEST_SCRATCH = "/scratch";
const skip = kvmMissing();

describe("programs behave in the micro-VM as natively", { skip }, () => {
  let sandbox: Sandbox;
  let scratch: string;
  let env: Record<string, string>;

  before(async () => {
    const python = findHostPython();
    scratch = mkdtempSync(join(tmpdir(), "ztl-differential-"));
    writeFileSync(join(scratch, "report.pdf"), makePdf(7));
    const path = `${python.executable.replace(/\/[^/]*$/, "")}:/usr/local/bin:/usr/bin:/bin`;
    env = { PATH: path, HOME: "/tmp", LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1", PYTHONHASHSEED: "0", TZ: "UTC" };
    sandbox = await Sandbox.open({
      mounts: [{ kind: "overlay", host: scratch, guest: GUEST_SCRATCH }],
      limits: { memoryBytes: 768 * 1024 * 1024 },
      cells: 1,
    });
  });

  after(async () => {
    await sandbox?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  async function inVm(program: Case): Promise<Observed> {
    const [head = "", ...args] = program.argv;
    const common = { env, cwd: GUEST_SCRATCH, ...(program.stdin === undefined ? {} : { stdin: program.stdin }) };
    const [flag, code] = args;
    const run = await sandbox.run(
      head === "python3" && flag === "-c" && code !== undefined
        ? { tool: "python", code, ...common }
        : { tool: "exec", program: head, args, ...common },
    );
    const status =
      run.status === "signaled"
        ? run.signal
        : (run.exitCode ?? JSON.stringify([run.status, "limit" in run ? run.limit : "error" in run ? run.error : ""]));
    return { status, stdout: normalise([run.stdout], GUEST_SCRATCH), stderr: normalise([run.stderr], GUEST_SCRATCH) };
  }

  async function compare(program: Case): Promise<void> {
    const prepare = (directory: string): void =>
      writeFileSync(join(directory, "report.pdf"), readFileSync(join(scratch, "report.pdf")));
    const native = await runNatively(program.argv, { env, stdin: program.stdin, prepare });
    assert.deepEqual(await inVm(program), native);
  }

  for (const program of [...shellCases, ...pythonCases]) test(program.name, () => compare(program));
  for (const program of toolCases)
    test(program.name, { skip: programMissing(...(program.needs ?? [])) }, () => compare(program));

  test("a static binary (busybox)", { skip: programMissing("busybox") }, async () => {
    const busybox = "/bin/busybox";
    assert.ok(existsSync(busybox));
    for (const script of [
      "echo hello; uname -m; seq 3 | busybox sort -r",
      "busybox find . -type f | busybox sort; busybox md5sum report.pdf; exit 4",
    ]) {
      await compare({ name: "busybox", argv: [busybox, "sh", "-c", script] });
    }
  });
});
