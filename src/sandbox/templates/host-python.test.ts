import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { findHostPython, type PythonChoice, searchPython } from "./host-python.ts";

/**
 * Pythons as installers lay them out, below the home directory, as everybody may write in /tmp. Their executable begins as an
 * ELF file does and would fail if it were started, as would every library: so what is found was found by reading.
 */
process.umask(0o022);
const base = mkdtempSync(join(homedir(), ".ztl-host-python-"));
after(() => rmSync(base, { recursive: true, force: true }));

let made = 0;
function directory(): string {
  const path = join(base, `d${made++}`);
  mkdirSync(path);
  return path;
}

function write(path: string, content: string, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode });
  return path;
}

/** Returns the directory of its programs. */
function install(prefix: string, version = "3.12", library = "lib"): string {
  write(join(prefix, "bin", `python${version}`), "\x7fELF, and no more", 0o755);
  symlinkSync(`python${version}`, join(prefix, "bin", "python3"));
  write(join(prefix, library, `python${version}`, "os.py"), "raise SystemExit('started')");
  return join(prefix, "bin");
}

/** Returns the directory of its programs. */
function environment(place: string, bin: string, settings = ""): string {
  mkdirSync(join(place, "bin"), { recursive: true });
  symlinkSync(join(bin, "python3"), join(place, "bin", "python3"));
  write(join(place, "pyvenv.cfg"), `home = ${bin}\nversion = 3.12.4\n${settings}`);
  return join(place, "bin");
}

function search(path: readonly string[], choice: PythonChoice = {}) {
  return searchPython({ searchPath: path.join(":"), workingDirectory: "/", ...choice });
}

/** That nothing of `bin` is taken, for this reason. */
function assertSkipped(bin: string, reason: RegExp, choice: PythonChoice = {}): void {
  const { python, skipped } = search([bin], choice);
  assert.doesNotMatch(python?.executable ?? "", new RegExp(base));
  assert.equal(skipped[0]?.path, join(bin, "python3"));
  assert.match(skipped[0]?.reason ?? "", reason);
  assert.ok((skipped[0]?.remedy ?? "").length > 10);
}

describe("a Python is found by reading", () => {
  for (const library of ["lib", "lib64"])
    test(`with its library in ${library}`, () => {
      const prefix = directory();
      const { python, skipped } = search([install(prefix, "3.12", library)]);
      assert.equal(python?.executable, join(prefix, "bin", "python3"));
      assert.equal(python?.version, "3.12");
      assert.deepEqual(python?.mounts, [{ guest: prefix, kind: "ro", host: prefix }]);
      assert.ok(python?.watch.includes(join(prefix, "lib", "python3.12", "site-packages")));
      assert.deepEqual(skipped, []);
    });

  test("of a free-threaded build", () => {
    assert.equal(search([install(directory(), "3.13t")]).python?.version, "3.13t");
  });

  test("through a link to its prefix, which guests see by both names", () => {
    const prefix = directory();
    install(prefix);
    const link = join(directory(), "current");
    symlinkSync(prefix, link);
    const { python } = search([join(link, "bin")]);
    assert.equal(python?.executable, join(link, "bin", "python3"));
    const places = python?.mounts.map(({ guest }) => guest).sort();
    assert.deepEqual(places, [prefix, link].sort());
  });

  test("through a link to the program alone", () => {
    const prefix = directory();
    install(prefix);
    const bin = directory();
    symlinkSync(join(prefix, "bin", "python3"), join(bin, "python3"));
    assert.deepEqual(search([bin]).python?.mounts, [
      { guest: prefix, kind: "ro", host: prefix },
      { guest: join(bin, "python3"), kind: "symlink", target: join(prefix, "bin", "python3") },
    ]);
  });

  test("behind a virtual environment, with the packages of both if it says so", () => {
    const prefix = directory();
    const bin = install(prefix);
    for (const [settings, shared] of [
      ["", false],
      ["include-system-site-packages = true\n", true],
    ] as const) {
      const place = join(directory(), "venv");
      const { python } = search([environment(place, bin, settings)]);
      assert.equal(python?.executable, join(place, "bin", "python3"));
      assert.deepEqual(python?.mounts.map(({ guest }) => guest).sort(), [place, prefix].sort());
      assert.ok(python?.watch.includes(join(place, "lib", "python3.12", "site-packages")));
      assert.equal(python?.watch.includes(join(prefix, "lib", "python3.12", "site-packages")), shared);
    }
  });

  test("one that was passed over is told", () => {
    const project = directory();
    const { passedOver } = findHostPython({ searchPath: install(project), workingDirectory: project });
    assert.deepEqual(
      passedOver.map(({ path }) => path),
      [join(project, "bin", "python3")],
    );
  });

  test("behind a pyenv shim, by the user's own choice and not by the working directory's", () => {
    const root = directory();
    const shim = write(join(root, "shims", "python3"), "#!/bin/false\n", 0o755);
    const chosen = install(join(root, "versions", "3.12.1"));
    install(join(root, "versions", "3.11.9"), "3.11");
    write(join(root, "version"), "3.12.1\n");
    const project = directory();
    write(join(project, ".python-version"), "3.11.9\n");
    const found = search([dirname(shim)], { workingDirectory: project });
    assert.equal(found.python?.executable, join(chosen, "python3"));
    for (const hostile of ["../../evil", "/evil", "", "system"]) {
      write(join(root, "version"), hostile);
      assertSkipped(dirname(shim), /is a script, which would choose a Python by the directory/);
    }
    write(join(root, "version"), "3.9.9");
    assertSkipped(dirname(shim), /is a shim for .*3\.9\.9\/bin\/python3, which is not there/);
  });
});

describe("what others may have put there is left alone", () => {
  test("in the working directory, in its repository, and in a mount", () => {
    const project = directory();
    const bin = install(project);
    mkdirSync(join(project, ".git"));
    mkdirSync(join(project, "below"));
    assertSkipped(bin, /belongs to the project in /, { workingDirectory: project });
    assertSkipped(bin, /belongs to the project in /, { workingDirectory: join(project, "below") });
    assertSkipped(bin, /lies in .*, which is mounted/, { mounts: [project] });
    assertSkipped(bin, /lies in .*, which is mounted/, { mounts: [join(project, "lib", "python3.12")] });
    const link = join(directory(), "link");
    symlinkSync(project, link);
    assertSkipped(bin, /lies in .*, which is mounted/, { mounts: [link] });
    assertSkipped(join(link, "bin"), /lies in .*, which is mounted/, { mounts: [project] });
  });

  test("through a link that leads into the project", () => {
    const project = directory();
    install(project);
    const bin = directory();
    symlinkSync(join(project, "bin", "python3"), join(bin, "python3"));
    assertSkipped(bin, /belongs to the project/, { workingDirectory: project });
  });

  test("a virtual environment of a project, from anywhere in the project", () => {
    const bin = install(directory());
    const project = directory();
    const venv = environment(join(project, ".venv"), bin);
    const below = join(project, "a", "b");
    mkdirSync(below, { recursive: true });
    assertSkipped(venv, /a virtual environment of the project/, { workingDirectory: below });
    assertSkipped(venv, /a virtual environment of the project/, { mounts: [below] });
    assert.equal(search([venv]).python?.executable, join(venv, "python3"), "elsewhere it is the user's");
  });

  test("where other users may write: the file, a directory above, the library", () => {
    const openings: readonly ((prefix: string) => string)[] = [
      (prefix) => join(prefix, "bin", "python3.12"),
      (prefix) => join(prefix, "bin"),
      (prefix) => prefix,
      (prefix) => join(prefix, "lib", "python3.12"),
      (prefix) => join(prefix, "lib", "python3.12", "os.py"),
    ];
    for (const opening of openings)
      for (const mode of [0o775, 0o777, 0o1777]) {
        const prefix = directory();
        const bin = install(prefix);
        chmodSync(opening(prefix), mode);
        assertSkipped(bin, new RegExp(`^${opening(prefix)} can be written by other users`));
      }
    const inTmp = mkdtempSync(join(tmpdir(), "ztl-python-"));
    try {
      assert.equal(search([install(inTmp)]).skipped.length, 1, "whoever owns it: others may write beside it");
    } finally {
      rmSync(inTmp, { recursive: true });
    }
  });

  test("what belongs to another user", {
    skip: process.getuid?.() === 0 ? false : "only root can give files away",
  }, () => {
    const prefix = directory();
    const bin = install(prefix);
    chownSync(join(prefix, "bin", "python3.12"), 12_345, 0);
    assertSkipped(bin, /python3\.12 belongs to user 12345/);
  });

  test("entries of PATH that are relative or empty are told and not searched", () => {
    const { skipped } = search(["", ".", "bin", "node_modules/.bin"]);
    assert.deepEqual(
      skipped.map(({ path }) => path),
      ['PATH entry ""', 'PATH entry "."', 'PATH entry "bin"', 'PATH entry "node_modules/.bin"'],
    );
  });

  test("without a PATH the system's directories are searched", () => {
    assert.deepEqual(searchPython({ searchPath: "" }).skipped, []);
  });
});

describe("what is no CPython >= 3.8", () => {
  const cases: readonly [title: string, reason: RegExp, make: (bin: string) => void][] = [
    ["a script", /is a script/, (bin) => write(join(bin, "python3"), "#!/bin/sh\n", 0o755)],
    ["no program", /is not an executable of this system/, (bin) => write(join(bin, "python3"), "hello", 0o755)],
    [
      "a program that acts by its name",
      /is .*mise, which is no CPython/,
      (bin) => {
        write(join(bin, "mise"), "\x7fELF", 0o755);
        symlinkSync("mise", join(bin, "python3"));
      },
    ],
    [
      "an executable alone",
      /has no standard library/,
      (bin) => write(join(bin, "python3.12"), "\x7fELF", 0o755) && symlinkSync("python3.12", join(bin, "python3")),
    ],
    ["3.7", /is Python 3\.7; 3\.8 or newer is needed/, (bin) => install(dirname(bin), "3.7")],
    [
      "one of two",
      /may be any of 3\.1[12], 3\.1[12]/,
      (bin) => {
        install(dirname(bin), "3.11");
        write(join(bin, "..", "lib", "python3.12", "os.py"), "");
        rmSync(join(bin, "python3"));
        copyFileSync(join(bin, "python3.11"), join(bin, "python3"));
      },
    ],
    [
      "an environment made from a relative place",
      /is not an absolute path/,
      (bin) => {
        install(dirname(bin));
        write(join(bin, "..", "pyvenv.cfg"), "home = ../evil\n");
      },
    ],
  ];
  for (const [title, reason, make] of cases)
    test(title, () => {
      const bin = join(directory(), "bin");
      mkdirSync(bin);
      make(bin);
      assertSkipped(bin, reason);
      assert.throws(() => findHostPython({ program: join(bin, "python3") }), {
        code: "python-unusable",
        message: reason,
      });
    });
});

describe("a Python that is named", () => {
  test("is taken from where it lies, also by a relative path", () => {
    const project = directory();
    const venv = environment(join(project, ".venv"), install(directory()));
    const choice = { workingDirectory: project, mounts: [project], searchPath: "" };
    for (const program of [join(venv, "python3"), ".venv/bin/python3", "./.venv/bin/python3"])
      assert.equal(findHostPython({ program, ...choice }).executable, join(venv, "python3"));
  });

  test("by its name alone is looked for, with the same care", () => {
    const prefix = directory();
    const searchPath = install(prefix);
    const program = "python3.12";
    assert.equal(
      findHostPython({ program, searchPath, workingDirectory: "/" }).executable,
      join(prefix, "bin", program),
    );
    assert.throws(() => findHostPython({ program, searchPath, workingDirectory: "/", mounts: [prefix] }), {
      code: "python-unusable",
      message: /No python3\.12 of this host can be used:\n.* is mounted/,
    });
    assert.throws(() => findHostPython({ program: "python3.99" }), { code: "python-not-found" });
  });

  test("that is not there, or whose prefix holds too much", () => {
    assert.throws(() => findHostPython({ program: join(base, "none") }), { code: "python-not-found" });
    const home = process.env.HOME;
    try {
      process.env.HOME = directory();
      const program = join(install(process.env.HOME), "python3");
      assert.throws(() => findHostPython({ program }), { code: "python-prefix-too-wide" });
    } finally {
      process.env.HOME = home;
    }
  });
});
