import { cpSync, existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { unpackPackage } from "./debian-package.ts";

/** The library brings what the tests share; both are fetched, or else they would not fit together when the installed one is older. */
const PACKAGES = ["libpython3.11-stdlib", "libpython3.11-testsuite"];
const TESTS = "usr/lib/python3.11/test";
const DRIVER = join(import.meta.dirname, "cpython_driver.py");
/** Displays, and what plays or records sound; what is no module of tests. */
const LEFT_OUT =
  /^test_(tk|ttk|tkinter|tcl|idle|turtle|winsound|winreg|winconsoleio|msilib|ossaudiodev|ioctl|curses|tools|support|largefile|zipfile64)/;

/** A directory to be `SUITE` for whoever runs it. */
export const SUITE = "/opt/suite";

export interface PythonSuite {
  readonly directory: string;
  readonly modules: readonly string[];
}

/** The regression tests of the distribution's Python, put together below a directory. */
export function cpythonSuite(cache: string): PythonSuite {
  const directory = join(cache, "cpython");
  const whole = join(directory, "test");
  if (!existsSync(whole)) {
    const draft = `${whole}.draft`;
    for (const name of PACKAGES)
      cpSync(join(unpackPackage(name, cache), TESTS), draft, { recursive: true, verbatimSymlinks: true });
    renameSync(draft, whole);
  }
  cpSync(DRIVER, join(directory, "driver.py"));
  const modules = readdirSync(whole)
    .flatMap((name) => /^(test_\w+)(\.py)?$/.exec(name)?.[1] ?? [])
    .filter((name) => !LEFT_OUT.test(name));
  return { directory, modules: [...new Set(modules)].sort() };
}

export const commandOf = (module: string): readonly string[] => ["python3", "-B", `${SUITE}/driver.py`, module];

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: "/home/agent",
  LANG: "C.UTF-8",
  TZ: "UTC",
  PYTHONPATH: SUITE,
};
