import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { compile, compilerMissing, muslMissing, workshop } from "../conformance/harness.ts";
import type { Archive } from "./archive.ts";
import { addLibraries } from "./host-files.ts";

/** Where the emulated machine finds what its stand-in for a compiler "compiles". */
const PROGRAMS = "/conformance";
/** Emulated, a compiler takes minutes. This one looks up what the real one made of the same file with the same options. */
const STAND_IN = `#!/bin/bash
while [ $# -gt 0 ]; do [ "$1" = -o ] && target=$2; shift; done
exec cp "${PROGRAMS}/\${target##*/}" "$target"
`;
const VARIANTS = [
  { compiler: "cc", options: [], missing: compilerMissing },
  { compiler: "cc", options: ["-static"], missing: compilerMissing },
  { compiler: "musl-gcc", options: ["-static"], missing: muslMissing },
] as const;

/** Compiles the conformance suite's programs here, for use there. */
export function addConformancePrograms(archive: Archive): void {
  const names = readdirSync(join(import.meta.dirname, "../conformance")).filter((name) => name.endsWith(".c"));
  const { directory, remove } = workshop();
  try {
    for (const { compiler, options, missing } of VARIANTS) {
      if (missing !== false) continue;
      for (const name of names) addVariant(archive, () => compile(directory, basename(name, ".c"), compiler, options));
      archive.file(`/usr/bin/${compiler}`, STAND_IN, true);
    }
  } finally {
    remove();
  }
}

/** Not every library can build every program; the stand-in fails for one that is missed. */
function addVariant(archive: Archive, build: () => string): void {
  let path: string;
  try {
    path = build();
  } catch {
    return;
  }
  archive.copy(path, join(PROGRAMS, basename(path)), true);
  addLibraries(archive, path);
}
