import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Fuzzer } from "./fuzzer.ts";

export const FUZZERS_DIRECTORY = fileURLToPath(new URL("fuzzers", import.meta.url));

/** The names of all fuzzers in a directory: those of its files. */
export function fuzzerNames(directory: string = FUZZERS_DIRECTORY): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -".ts".length))
    .sort();
}

export async function loadFuzzer(directory: string, name: string): Promise<Fuzzer> {
  const module = (await import(pathToFileURL(join(directory, `${name}.ts`)).href)) as { readonly fuzzer?: Fuzzer };
  if (module.fuzzer === undefined) throw new Error(`${name}.ts exports no fuzzer`);
  return module.fuzzer;
}
