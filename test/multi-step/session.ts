import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One tool call, as an agent makes it with the starter configuration, and as a person would type it. */
export interface Step {
  readonly tool: "python" | "shell";
  readonly code: string;
}

/** Who work at once. */
export const WORKERS = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** A text of all: lines that are next to each other cannot be put together when two change them. */
const SHARED = "shared.txt";
const LINES_APART = 4;

/** What is there before anybody works: files of an earlier year, one of them not to be touched. */
export function makeProject(directory: string): void {
  const long = new Date("2020-02-03T04:05:06Z");
  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, name), text, { mode: 0o644 });
    utimesSync(join(directory, name), long, long);
  };
  write(SHARED, "line\n".repeat(WORKERS.length * LINES_APART));
  for (const place of [".", ...WORKERS.map(ownDirectory)]) {
    mkdirSync(join(directory, place, "assets"), { recursive: true });
    write(join(place, "old.txt"), "old\n");
    write(join(place, "run.sh"), "#!/bin/sh\necho running\n");
    write(join(place, "assets/logo.svg"), "<svg/>\n");
  }
}

/** A module is written, run, edited, tested, and files are deleted: in two tools, each step on what the last one left. */
export const SESSION: readonly Step[] = [
  {
    tool: "shell",
    code: [
      "mkdir -p app; touch app/__init__.py",
      "printf 'def double(x):\\n    return x + x\\n' > app/maths.py",
      "ln -s app/maths.py latest; echo draft > notes",
      "cp -p old.txt kept.txt; mkdir empty; cat latest",
    ].join("\n"),
  },
  { tool: "python", code: "from app.maths import double\nprint(double(21))" },
  {
    tool: "python",
    code: [
      "with open('app/maths.py') as f: text = f.read()",
      "with open('latest', 'w') as f: f.write(text.replace('x + x', '2 * x') + '\\n\\ndef half(x):\\n    return x / 2\\n')",
      "print(text)",
    ].join("\n"),
  },
  { tool: "shell", code: "cat app/maths.py; ls notes empty; chmod 750 run.sh; ./run.sh; chmod 600 notes" },
  {
    tool: "python",
    code: [
      "import os, unittest",
      "os.makedirs('tests')",
      "with open('tests/test_maths.py', 'w') as f:",
      "    f.write('import unittest\\nfrom app.maths import double, half\\n\\nclass Maths(unittest.TestCase):\\n')",
      "    f.write('    def test(self):\\n        self.assertEqual(half(double(4)), 4)\\n')",
      "print(oct(os.stat('run.sh').st_mode), oct(os.stat('notes').st_mode), sorted(os.listdir('.')))",
    ].join("\n"),
  },
  { tool: "shell", code: "python3 -m unittest tests/test_maths.py 2>&1 | sed 's/ in [0-9.]*s$//'" },
  {
    tool: "shell",
    code: "rm -r notes old.txt empty; mv tests/test_maths.py app/tests.py; rm -r tests; ln app/maths.py copy.py; touch -d '2021-03-04 05:06:07 UTC' kept.txt",
  },
  {
    tool: "python",
    code: [
      "import os",
      "for place, names, files in sorted(os.walk('.')):",
      "    for name in sorted(names + files):",
      "        path = os.path.join(place, name)",
      "        s = os.lstat(path)",
      "        print(path, oct(s.st_mode), os.readlink(path) if os.path.islink(path) else s.st_nlink if name in files else '')",
      "print(open('latest').read(), open('app/tests.py').read())",
    ].join("\n"),
  },
];

/** The same by the other tool, which then starts the first one. */
export function swapped({ tool, code }: Step): Step {
  if (tool === "python") return { tool: "shell", code: `python3 - <<'END OF CODE'\n${code}\nEND OF CODE` };
  const script = JSON.stringify(code);
  return {
    tool: "python",
    code: `import subprocess, sys\nd = subprocess.run(['sh', '-c', ${script}], stdout=subprocess.PIPE)\nprint(d.stdout.decode(), end='')\nsys.exit(d.returncode)`,
  };
}

export const ownDirectory = (worker: number): string => `worker${worker}`;

/** A step in the worker's own directory. */
export function inside(directory: string, { tool, code }: Step): Step {
  if (tool === "shell") return { tool, code: `cd ${directory} || exit\n${code}` };
  return { tool, code: `import os\nos.chdir('${directory}')\n${code}` };
}

/** With a mark in the worker's own line of the text of all. */
export function marking({ tool, code }: Step, worker: number, number: number): Step {
  const line = worker * LINES_APART + 1;
  if (tool === "shell") return { tool, code: `sed -i '${line}s/$/ ${number}/' ${SHARED}\n${code}` };
  const edit = [
    `with open('${SHARED}') as f: lines = f.read().split('\\n')`,
    `lines[${line - 1}] += ' ${number}'`,
    `with open('${SHARED}', 'w') as f: f.write('\\n'.join(lines))`,
  ];
  return { tool, code: [...edit, code].join("\n") };
}

/** What a person's shell in a plain directory prints for it. */
export function runNatively(directory: string, { tool, code }: Step): string {
  const [program, ...args] = tool === "shell" ? ["sh", "-c", `umask 022\n${code}`] : ["python3", "-c", code];
  const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8" };
  const { stdout, stderr, status } = spawnSync(program as string, args, { cwd: directory, env, encoding: "utf8" });
  assert.equal(status, 0, `${code}\n${stderr}`);
  return stdout;
}
