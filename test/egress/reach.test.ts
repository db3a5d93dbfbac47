import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { EgressRecord } from "../../src/index.ts";
import { kvmMissing } from "../kvm.ts";
import { programMissing } from "../programs.ts";
import { CASES } from "./cases.ts";

const INSIDE = fileURLToPath(new URL("inside.ts", import.meta.url));
const needsRoot = process.getuid?.() !== 0 && "SKIPPED, NOTHING IS VERIFIED: a network of its own needs root";
const skip = kvmMissing() || needsRoot || programMissing("unshare", "ip", "curl");

interface Tried {
  readonly printed: string;
  readonly reached: readonly string[];
  readonly records: readonly EgressRecord[];
  readonly attempts: Readonly<Record<string, number>>;
}

/** In a network namespace in which servers listen on every address that a guest may want: public, private and this host's. */
describe("what a guest reaches, with and without a grant", { skip }, () => {
  let tried: readonly Tried[] = [];

  before(async () => {
    const { stdout } = await promisify(execFile)("unshare", ["-n", process.execPath, INSIDE], {
      maxBuffer: 1 << 26,
    });
    tried = JSON.parse(stdout) as Tried[];
  });

  test("there are at least sixty cases, and all were tried", () => {
    assert.ok(CASES.length >= 60);
    assert.equal(tried.length, CASES.length);
  });

  for (const [index, { title, prints, reaches, hasGrant }] of CASES.entries())
    test(title, () => {
      const { printed, reached, records, attempts } = tried[index] ?? assert.fail("it was not tried");
      assert.ok(printed.includes(prints), printed);
      assert.deepEqual(reached, [...reaches].sort());
      // What was reached is in the records, and nothing else is there as reached.
      const went = records.flatMap(({ address, outcome }) =>
        outcome === "refused" || !address ? [] : [canonical(address)],
      );
      assert.deepEqual([...new Set(went)].sort(), [...reaches].sort());
      if (!hasGrant) assert.deepEqual(records, []);
      if (reaches.length === 0 && !/EPERM|^E$|ECONNREFUSED|unknown/.test(prints) && !printed.includes("Protocol"))
        assert.ok(records.length + Object.keys(attempts).length > 0, "an attempt leaves a trace");
    });
});

/** Records write IPv6 addresses without their run of zeros cut. */
function canonical(address: string): string {
  return address.includes(":") ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
