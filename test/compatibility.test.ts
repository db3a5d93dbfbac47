import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMPATIBILITY_PATH, compatibilityPage } from "../scripts/compatibility-page.ts";
import { syscallNumbers } from "../src/linux/syscalls/names.ts";
import { standingOf, syscallHandler } from "../src/linux/syscalls/table.ts";

test("docs/compatibility.md is what the table of system calls gives", () => {
  assert.equal(readFileSync(COMPATIBILITY_PATH, "utf8"), compatibilityPage(), "write it anew: npm run compatibility");
});

test("a call has a standing exactly if something answers it, and the numbers are Linux's", () => {
  for (const [number, name] of syscallNumbers())
    assert.equal(syscallHandler(number) !== undefined, standingOf(name) !== undefined, name);
  // asm/unistd_64.h: the first, the last of the old row, and the first and last of the shared one.
  const numbers = new Map(syscallNumbers().map(([number, name]) => [name, number]));
  const known = { read: 0, rseq: 334, pidfd_send_signal: 424, faccessat2: 439, futex_waitv: 449, mseal: 462 } as const;
  for (const [name, number] of Object.entries(known))
    assert.equal(numbers.get(name as keyof typeof known), number, name);
});
