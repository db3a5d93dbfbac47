import koffi from "koffi";
import { searchPython } from "../src/sandbox/templates/host-python.ts";
import { kvmMissing } from "../test/kvm.ts";
import type { Need } from "./attack.ts";

/** asm/unistd_64.h and linux/landlock.h */
const SYS_LANDLOCK_CREATE_RULESET = 444;
const LANDLOCK_CREATE_RULESET_VERSION = 1;

/** Why this host cannot try something; undefined when it can. */
const MISSING: Readonly<Record<Need, () => string | undefined>> = {
  kvm: () => kvmMissing() || undefined,
  landlock: () => (hasLandlock() ? undefined : "this kernel has no Landlock, or it is not switched on"),
  root: () => (process.getuid?.() === 0 ? undefined : "it is not root that runs the attacks"),
  python: () => (searchPython().python === undefined ? "there is no python3 that guests may have" : undefined),
};

export function missing(needs: readonly Need[] = []): string | undefined {
  return needs.map((need) => MISSING[need]()).find((reason) => reason !== undefined);
}

function hasLandlock(): boolean {
  // SAFETY: landlock_create_ruleset(2) asked for the version takes a null pointer and size 0, and opens nothing.
  const syscall = koffi.load("libc.so.6").func("long syscall(long, void *, size_t, uint32)");
  return Number(syscall(SYS_LANDLOCK_CREATE_RULESET, null, 0, LANDLOCK_CREATE_RULESET_VERSION)) > 0;
}
