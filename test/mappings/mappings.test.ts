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
});
