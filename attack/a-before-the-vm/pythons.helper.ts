import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PythonChoice, searchPython } from "../../src/sandbox/templates/host-python.ts";

/**
 * A Python as installers lay one out, as far as is read of it before it is taken. It could not run, so that whoever took it
 * would be seen by more than its name. Returns the directory of its programs.
 */
export function plantPython(prefix: string): string {
  const bin = join(prefix, "bin");
  const library = join(prefix, "lib", "python3.12");
  for (const directory of [bin, library]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(bin, "python3.12"), "\x7fELF, and no more", { mode: 0o755 });
  symlinkSync("python3.12", join(bin, "python3"));
  writeFileSync(join(library, "os.py"), "");
  return bin;
}

/** A virtual environment of the Python in `home`. Returns the directory of its programs. */
export function plantEnvironment(place: string, home: string): string {
  const bin = join(place, "bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(join(home, "python3"), join(bin, "python3"));
  writeFileSync(join(place, "pyvenv.cfg"), `home = ${home}\nversion = 3.12.4\n`);
  return bin;
}

/** What guests would get of these directories of programs alone. The system's own comes after them. */
export function takenOf(searchPath: readonly string[], choice: Omit<PythonChoice, "searchPath"> = {}): string {
  const { python } = searchPython({ searchPath: searchPath.join(":"), workingDirectory: "/", ...choice });
  return python?.executable ?? "none";
}
