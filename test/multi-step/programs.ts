import type { Step } from "./session.ts";

/** What a call does to a file: whatever cannot be done where it stands is left out, as by a program that goes on after an error. */
export interface Action {
  readonly do: "insert" | "write" | "remove" | "mkdir" | "move" | "chmod" | "symlink";
  readonly path: string;
  readonly to: string;
  /** Line to insert at, from 0. */
  readonly at: number;
}

/** A call that says what it finds, waits, does something, waits again, and says what it leaves. */
export interface Program {
  readonly tool: Step["tool"];
  readonly actions: readonly Action[];
  readonly waitsMs: readonly [before: number, after: number];
}

/** Where in the output the tree that was found ends, and the one that was left begins. */
const BETWEEN = "-- and left --";

/** As code for its tool; each line that it writes is `label` with a number, so that no two calls write the same. */
export function codeOf({ tool, actions, waitsMs: [before, after] }: Program, label: string): string {
  if (tool === "shell") {
    const acts = actions.map((action, index) => `${shellOf(action, `${label}.${index}`)} 2>/dev/null || :`);
    return [
      SHELL_LIST,
      "list",
      `sleep ${before / 1000}`,
      ...acts,
      `sleep ${after / 1000}`,
      `echo '${BETWEEN}'`,
      "list",
    ].join("\n");
  }
  const acts = actions.flatMap((action, index) => [
    "try:",
    ...pythonOf(action, `${label}.${index}`).map((line) => `    ${line}`),
    "except OSError: pass",
  ]);
  const lines = [PYTHON_LIST, "list()", `time.sleep(${before / 1000})`, ...acts, `time.sleep(${after / 1000})`];
  return [...lines, `print('${BETWEEN}')`, "list()"].join("\n");
}

const SHELL_LIST = `list() {
  find . -mindepth 1 -printf '%y %m %p %l\\n'
  grep -r '' . | sed 's/^/= /'
}`;
const PYTHON_LIST = `import os, shutil, time
def list():
    for place, names, files in os.walk('.'):
        for name in names + files:
            path = os.path.join(place, name)
            mode = '%o' % (os.lstat(path).st_mode & 0o7777)
            if os.path.islink(path): print('l', mode, path, os.readlink(path))
            elif os.path.isdir(path): print('d', mode, path, '')
            else:
                print('f', mode, path, '')
                for line in open(path): print('= ' + path + ':' + line, end='')`;

const MODES = ["644", "600", "755"] as const;

function shellOf({ do: kind, path, to, at }: Action, line: string): string {
  switch (kind) {
    case "insert":
      return `{ [ -f ${path} ] && [ ! -L ${path} ] && { sed -n '1,${at}p' ${path}; echo ${line}; sed '1,${at}d' ${path}; } > /tmp/new && cat /tmp/new > ${path}; }`;
    case "write":
      return `{ [ ! -L ${path} ] && printf '${line}.%s\\n' 1 2 3 4 5 > ${path}; }`;
    case "remove":
      return `rm -r ${path}`;
    case "mkdir":
      return `mkdir ${path}`;
    case "move":
      return `mv -T ${path} ${to}`;
    case "chmod":
      return `{ [ -f ${path} ] && [ ! -L ${path} ] && chmod ${MODES[at % MODES.length]} ${path}; }`;
    case "symlink":
      return `ln -s ${to} ${path}`;
  }
}

function pythonOf({ do: kind, path, to, at }: Action, line: string): string[] {
  const isFile = `if os.path.isfile('${path}') and not os.path.islink('${path}'):`;
  switch (kind) {
    case "insert":
      return [
        isFile,
        `    lines = open('${path}').readlines()`,
        `    open('${path}', 'w').writelines(lines[:${at}] + ['${line}\\n'] + lines[${at}:])`,
      ];
    case "write":
      return [
        `if not os.path.islink('${path}'):`,
        `    with open('${path}', 'w') as f: f.write(''.join('${line}.%d\\n' % n for n in range(1, 6)))`,
      ];
    case "remove":
      return [
        `if os.path.isdir('${path}') and not os.path.islink('${path}'): shutil.rmtree('${path}')`,
        `else: os.remove('${path}')`,
      ];
    case "mkdir":
      return [`os.mkdir('${path}')`];
    case "move":
      return [`os.rename('${path}', '${to}')`];
    case "chmod":
      return [isFile, `    os.chmod('${path}', 0o${MODES[at % MODES.length]})`];
    case "symlink":
      return [`os.symlink('${to}', '${path}')`];
  }
}

/** What is at a path. */
export interface Found {
  /** `f`, `d`, or where a link leads. */
  readonly kind: string;
  readonly mode: string;
  /** Of a file: each is there once. */
  readonly lines: readonly string[];
  /** Put together from two files: the order of its lines is not known. */
  readonly isJoined?: true;
}

export type FoundTree = ReadonlyMap<string, Found>;

/** The trees that a program printed. */
export function treesOf(printed: string): readonly [saw: FoundTree, left: FoundTree] {
  const [saw = "", left = ""] = printed.split(`${BETWEEN}\n`);
  return [treeOf(saw), treeOf(left)];
}

function treeOf(printed: string): FoundTree {
  const tree = new Map<string, { kind: string; mode: string; lines: string[] }>();
  const contents: [path: string, line: string][] = [];
  for (const line of printed.split("\n").slice(0, -1)) {
    const [, path = "", text = ""] = /^= \.\/([^:]*):(.*)$/.exec(line) ?? [];
    const [, type = "", mode = "", name = "", target = ""] = /^([dfl]) (\d+) \.\/(\S+) (.*)$/.exec(line) ?? [];
    if (path !== "") contents.push([path, text]);
    else if (type === "l") tree.set(name, { kind: `link to ${target}`, mode: "", lines: [] });
    else if (type !== "") tree.set(name, { kind: type, mode, lines: [] });
    else throw new Error(`${JSON.stringify(line)} is none of a list's`);
  }
  for (const [path, line] of contents) tree.get(path)?.lines.push(line);
  return tree;
}
