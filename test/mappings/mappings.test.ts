import { after, before, describe, test } from "node:test";
import { kvmMissing } from "../../src/vmm/testing.ts";
import { compilerMissing } from "../conformance/harness.ts";
import { MappingsComparison } from "./compare.ts";

const STEPS = 120;
/** The first of each kind that once differed. */
const FOUND = [1, 3, 4, 8, 18, 46, 53, 80, 113, 964_401_816, 1_552_797_596];
const OTHERS = Array.from({ length: 12 }, (_, i) => 1000 + i);

describe("random mappings of files and memory do the same as on Linux", { skip: kvmMissing || compilerMissing }, () => {
  let comparison: MappingsComparison;
  before(() => {
    comparison = new MappingsComparison();
  });
  after(() => comparison.remove());

  for (const seed of [...FOUND, ...OTHERS]) test(`seed ${seed}`, () => comparison.check(seed, STEPS));

  // Found by the fuzzer, which gives each step random numbers of its own.
  test("an unwritten page of a private mapping that was without rights over a fork is still the file's", () =>
    comparison.checkSteps(2322129844, [
      0xeb0a167140cc788bn,
      0xf93e5b3709ce55e2n,
      0x463082a518108956n,
      0xf6e7b050f7bc47bfn,
      0x019eb0c616f333d6n,
    ]));
});
