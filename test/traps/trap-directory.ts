import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Names of modules that a Python imports while it starts, or that a program asking it would. */
const MODULES = ["json", "sys", "os", "site", "re", "enum", "codecs", "zipimport", "sitecustomize", "usercustomize"];
/** Names of programs that something on the host might look for. */
const PROGRAMS = [
  ...[
    "python3",
    "python",
    "python3.11",
    "python3.12",
    "python3-config",
    "pip",
    "uv",
    "pyenv",
    "bash",
    "sh",
    "env",
    "node",
    "npm",
    "npx",
    "git",
    "id",
  ],
  ...[
    "uname",
    "getconf",
    "ldd",
    "modprobe",
    "unshare",
    "setpriv",
    "prlimit",
    "mkdir",
    "cp",
    "xdg-open",
    "less",
    "editor",
  ],
];
const PACKAGES = [
  "koffi",
  "zod",
  "hono",
  "diff",
  "sqlite-vec",
  "@hono/node-server",
  "zero-trust-loop",
  "sitecustomize",
];
/** Names of libraries and addons that a loader, Node or Python might look for. */
const LIBRARIES = [
  ...["koffi.node", "node_modules/koffi/koffi.node", "build/Release/koffi.node", "vec0.so", "sqlite3.so"],
  ...["libc.so.6", "libpython3.11.so.1.0", "libkvm.so", "_json.cpython-311-x86_64-linux-gnu.so", "posix.so"],
];
const MODULE_ENDINGS = ["ts", "mts", "cts", "js", "mjs", "cjs"];
/** Any will do for a virtual environment whose packages are traps. */
const REAL_PYTHON = "/usr/bin/python3";

/** A directory full of files that somebody hopes will be executed. Each leaves its name in `ran` when it is. */
export class TrapDirectory {
  readonly path: string;
  readonly #ran: string;

  constructor(path: string, ran: string) {
    this.path = path;
    this.#ran = ran;
    for (const directory of [path, ran]) mkdirSync(directory, { recursive: true });
    this.#plantPython();
    this.#plantPrograms();
    this.#plantJavaScript();
    this.#plantSettings();
    this.#plantLibraries();
  }

  /** Which traps were executed since the directory was made. */
  ran(): string[] {
    return readdirSync(this.#ran).sort();
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Every variable that could lead a program here. */
  get variables(): Record<string, string> {
    const { path } = this;
    return {
      PATH: ["", ".", path, join(path, ".venv", "bin"), join(path, "node_modules", ".bin"), process.env.PATH].join(":"),
      HOME: path,
      PYTHONPATH: path,
      PYTHONHOME: path,
      PYTHONSTARTUP: join(path, "startup.py"),
      PYTHONUSERBASE: join(path, ".local"),
      PYENV_ROOT: join(path, ".pyenv"),
      PYENV_VERSION: "evil",
      VIRTUAL_ENV: join(path, ".venv"),
      NODE_PATH: join(path, "node_modules"),
      BASH_ENV: join(path, "shell-start"),
      ENV: join(path, "shell-start"),
      SHELL: join(path, "bash"),
      EDITOR: join(path, "editor"),
      PAGER: join(path, "less"),
      BROWSER: join(path, "xdg-open"),
    };
  }

  write(name: string, content: string, mode = 0o644): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
  }

  #mark(name: string): string {
    return join(this.#ran, name.replaceAll("/", "+"));
  }

  /** `posix` is built in: it is there even when the trap is what Python needs to start at all. */
  #python(name: string): void {
    this.write(name, `${this.#pythonMark(name)}\n`);
  }

  #pythonMark(name: string): string {
    // O_WRONLY | O_CREAT (asm-generic/fcntl.h).
    return `import posix; posix.open(${JSON.stringify(this.#mark(name))}, 0o101, 0o644)`;
  }

  /** CommonJS and ES modules both understand it. */
  #javaScript(name: string): void {
    this.write(name, `process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(this.#mark(name))}, "");\n`);
  }

  #shell(name: string, mode = 0o755): void {
    this.write(name, `#!/bin/sh\n: > '${this.#mark(name)}'\nexit 1\n`, mode);
  }

  #plantPython(): void {
    for (const name of MODULES) this.#python(`${name}.py`);
    this.#python("encodings/__init__.py");
    this.#python("startup.py");
    for (const version of ["3.11", "3.12", "3.13"]) {
      for (const name of MODULES) this.#python(`lib/python${version}/${name}.py`);
      this.#python(`lib/python${version}/encodings/__init__.py`);
      this.#plantSite(`.local/lib/python${version}/site-packages`);
      this.#plantSite(`.venv/lib/python${version}/site-packages`);
    }
    this.#plantSite(".");
    this.write(".venv/pyvenv.cfg", `home = ${dirname(REAL_PYTHON)}\ninclude-system-site-packages = true\n`);
    mkdirSync(this.file(".venv", "bin"));
    symlinkSync(REAL_PYTHON, this.file(".venv", "bin", "python3"));
    this.write("pyvenv.cfg", `home = ${this.path}\n`);
  }

  /** `.pth` files execute the lines that begin with `import` (site(3)). */
  #plantSite(directory: string): void {
    const name = join(directory, "evil.pth");
    this.write(name, `${this.#pythonMark(name)}\n`);
    for (const module of ["sitecustomize", "usercustomize"]) this.#python(join(directory, `${module}.py`));
  }

  #plantPrograms(): void {
    for (const name of PROGRAMS) this.#shell(name);
    for (const name of ["node", "ztl", "python3"]) this.#shell(`node_modules/.bin/${name}`);
    for (const name of [".pyenv/shims/python3", ".pyenv/versions/evil/bin/python3", "bin/python3"]) this.#shell(name);
    for (const hook of ["post-checkout", "pre-commit", "fsmonitor"]) this.#shell(`.git/hooks/${hook}`);
    for (const name of ["shell-start", ".bashrc", ".bash_profile", ".profile", ".envrc"]) this.#shell(name, 0o644);
  }

  #plantJavaScript(): void {
    for (const root of ["node_modules", ".node_modules", ".node_libraries"])
      for (const name of PACKAGES) {
        this.#javaScript(`${root}/${name}/index.js`);
        this.write(`${root}/${name}/package.json`, JSON.stringify({ name, version: "9.9.9", main: "index.js" }));
      }
    for (const name of ["preload.cjs", "evil.mjs", ".node_repl.js"]) this.#javaScript(name);
    for (const ending of MODULE_ENDINGS) this.#javaScript(`ztl.config.${ending}`);
    const imports = { "#config": "./evil.mjs", "node:fs": "./evil.mjs" };
    this.write(
      "package.json",
      JSON.stringify({ type: "commonjs", main: "./evil.mjs", imports, exports: "./evil.mjs" }),
    );
    this.write("tsconfig.json", JSON.stringify({ compilerOptions: { paths: { "*": ["./evil.mjs"] } } }));
    this.write("node.config.json", JSON.stringify({ nodeOptions: { import: ["./evil.mjs"] } }));
    this.write(".node_repl_history", "require('./preload.cjs')\n");
  }

  /** Libraries whose constructor is the trap; without a compiler there are none. */
  #plantLibraries(): void {
    const source = `#include <fcntl.h>\n__attribute__((constructor)) static void went(void) { open(${JSON.stringify(this.#mark("library"))}, O_WRONLY | O_CREAT, 0644); }\n`;
    const library = this.file("library.so");
    const args = ["-shared", "-fPIC", "-nostdlib", "-x", "c", "-", "-o", library];
    if (spawnSync("cc", args, { input: source }).status !== 0) return;
    for (const name of LIBRARIES) {
      mkdirSync(dirname(this.file(name)), { recursive: true });
      copyFileSync(library, this.file(name));
    }
  }

  #plantSettings(): void {
    this.write(".npmrc", "node-options=--require ./preload.cjs\nscript-shell=./sh\n");
    this.write(".env", "NODE_OPTIONS=--require ./preload.cjs\n");
    this.write(".noderc", "--require ./preload.cjs\n");
    for (const name of [".python-version", ".pyenv/version", ".tool-versions", ".node-version", ".nvmrc"])
      this.write(name, "evil\n");
    for (const name of ["pip.conf", ".config/pip/pip.conf"]) this.write(name, "[global]\ntarget = .\n");
    this.write("sitecustomize.pth", "import sitecustomize\n");
    this.write("python311._pth", ".\nimport site\n");
    this.write("ld.so.preload", "./library.so\n");
    this.write(".git/config", "[core]\n\tfsmonitor = .git/hooks/fsmonitor\n\tpager = ./less\n");
    this.write("ztl.config.json", JSON.stringify(CONFIG));
  }
}

/** An ordinary project, whose tools see the traps. */
const CONFIG = {
  agents: { assistant: { role: "worker" } },
  roles: { worker: { tools: ["python", "shell"] } },
  tools: {
    python: { template: "python", mounts: [{ host: ".", guest: "/project", mode: "overlay" }], cwd: "/project" },
    shell: { template: "shell", mounts: [{ host: ".", guest: "/project", mode: "ro" }], cwd: "/project" },
  },
};

export function hasRealPython(): boolean {
  return existsSync(REAL_PYTHON);
}
