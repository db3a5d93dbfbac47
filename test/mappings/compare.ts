import assert from "node:assert/strict";
import { compile, runInGuest, runNatively, workshop } from "../conformance/harness.ts";

/** Random steps on mappings, made by one program natively and in the guest. */
export class MappingsComparison {
  readonly #shop = workshop();
  readonly #program = compile(this.#shop.directory, "mappings", "cc", [], import.meta.dirname);

  /** Throws when the two differ, with the steps up to the first difference. */
  check(seed: number, steps: number): void {
    this.#compare(seed, [String(steps)]);
  }

  /** The same, with steps that each begin with random numbers of their own. */
  checkSteps(seed: number, beginnings: readonly bigint[]): void {
    this.#compare(seed, [String(beginnings.length), ...beginnings.map(String)]);
  }

  #compare(seed: number, steps: readonly string[]): void {
    const args = [String(seed), ...steps];
    const native = runNatively(this.#shop.directory, this.#program, args);
    const guest = runInGuest(this.#shop.directory, this.#program, args);
    const expected = native.stdout.split("\n");
    const actual = guest.stdout.split("\n");
    const at = expected.findIndex((line, i) => line !== actual[i]);
    const before = expected.slice(0, at).slice(-40).join("\n");
    const shown = `seed ${seed}: ${before}\nnatively ${expected[at]}\nin the guest ${actual[at]} (${guest.ending})`;
    assert.equal(at, -1, shown);
    assert.deepEqual(guest, native, `seed ${seed}`);
  }

  remove(): void {
    this.#shop.remove();
  }
}
