import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { Archive } from "./archive.ts";
import { addConformancePrograms } from "./conformance.ts";
import { addFile, addLibraries, addPrograms, addRootLinks, addTree } from "./host-files.ts";
import type { Kernel } from "./kernel.ts";
import { ORDER_FILE, type Order } from "./protocol.ts";

/** Where the repository is in the emulated machine, and the modules it loads first. */
export const GUEST_ROOT = "/ztl";
export const MODULE_DIRECTORY = "/modules";
/** Not where it is here: that may be a place, such as /tmp, on which the emulated machine mounts something. */
const NODE = "/opt/node/bin/node";

/** What the tests run, and what the first process needs; the rest of this machine's programs stays outside. */
const PROGRAMS = `
  awk base64 basename bash cat chmod chown chroot cmp comm cp cut date dd df diff dirname echo env expr false file find getconf
  grep gunzip gzip head hostname id kill ldd ln ls md5sum mkdir mkfifo mktemp mount mv nproc od paste perl printf pwd readlink rm rmdir
  sed seq setpriv setsid sh sha256sum sleep sort split stat sync tac tail tar tee test timeout touch tr true truncate uname uniq unshare
  wc which whoami xargs yes
`
  .trim()
  .split(/\s+/);
/** Packages the product and the tests import; the tools among the development dependencies stay outside. */
const PACKAGES = [
  ...[
    "koffi",
    "@koromix",
    "zod",
    "diff",
    "sqlite-vec",
    "sqlite-vec-linux-x64",
    "hono",
    "@hono",
    "get-east-asian-width",
  ],
  ...["fast-check", "pure-rand"],
];
const SOURCES = ["src", "examples", "test", "attack", "fuzz", "bin", "guest"];
/** Much of a Python installation that no test imports. */
const PYTHON_LEFT_OUT =
  /(^|\/)(test|tests|idlelib|tkinter|turtledemo|lib2to3|ensurepip|site-packages|dist-packages|config-[^/]*)\//;

/** Writes the emulated machine's whole file tree as an initial RAM file system. */
export function writeImage(path: string, repository: string, kernel: Kernel, order: Order, patience: number): void {
  const archive = new Archive(path);
  addRootLinks(archive);
  for (const directory of ["proc", "sys", "dev", "tmp", "run", "root", "home", "var/tmp"]) archive.directory(directory);
  archive.file("/init", initScript(patience), true);
  archive.file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
  archive.file("/etc/group", "root:x:0:\n");
  // Numbered, because their order matters.
  for (const [index, { name, content }] of kernel.modules.entries()) {
    archive.file(join(MODULE_DIRECTORY, `${index}-${name}.ko`), content);
  }
  archive.file(ORDER_FILE, JSON.stringify(order));
  addPrograms(archive, PROGRAMS);
  archive.copy(process.execPath, NODE, true);
  addLibraries(archive, process.execPath);
  addPython(archive);
  // Attacks need none of them, and compiling them takes a minute.
  if (order.classes.length === 0) addConformancePrograms(archive);
  addRepository(archive, repository);
  archive.close();
}

/** The first process: bash, which gives way to Node as soon as there is something to run it in. */
function initScript(patience: number): string {
  return `#!/bin/bash
# No process can leave the initial file system with pivot_root(2), as cells do; of a mount on top of it they can. Nor may others
# write in /, where a Python would not be taken from.
if [ -z "$MOVED" ]; then
  chmod 755 /; mkdir /moved; mount --bind / /moved; cd /moved; mount --move . /; MOVED=1 exec chroot . /init
fi
export PATH=${pythonDirectory()}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LANG=C.UTF-8
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t cgroup2 groups /sys/fs/cgroup; mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd; for i in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/\${i%:*} /dev/\${i#*:}; done
mkdir -p /dev/shm; mount -t tmpfs tmp /tmp; mount -t tmpfs shm /dev/shm
export NODE_COMPILE_CACHE=/tmp/node-cache NO_COLOR=1 ZTL_TEST_PATIENCE=${patience}
# As in a login session: a shell with job control in between, or terminal stops would do nothing (orphaned process group).
setsid -w bash -c 'set -m; ${NODE} ${GUEST_ROOT}/test/hardware/inside.ts; true'
echo o > /proc/sysrq-trigger
sleep 60
`;
}

function addRepository(archive: Archive, repository: string): void {
  const isForPeople = (name: string) => /\.(d\.[cm]?ts|map|md|cc|hh)$|(^|\/)musl_x64\//.test(name);
  for (const name of SOURCES) addTree(archive, join(repository, name), join(GUEST_ROOT, name), () => false);
  for (const name of PACKAGES) {
    const place = join("node_modules", name);
    addTree(archive, join(repository, place), join(GUEST_ROOT, place), isForPeople);
    for (const addon of globSync(join(repository, place, "**/linux_x64/*.node"))) addLibraries(archive, addon);
  }
  archive.copy(join(repository, "package.json"), join(GUEST_ROOT, "package.json"));
}

const ASK_PYTHON = "import os, sys, sysconfig; print(sys.executable, sysconfig.get_path('stdlib'), sep='\\n')";

interface Python {
  readonly executable: string;
  readonly library: string;
}

function askPython(): Python {
  const [executable = "", library = ""] = execFileSync("python3", ["-c", ASK_PYTHON], { encoding: "utf8" }).split("\n");
  return { executable, library };
}

function pythonDirectory(): string {
  return join(askPython().executable, "..");
}

function addPython(archive: Archive): void {
  const { executable, library } = askPython();
  addFile(archive, executable);
  addFile(archive, join(executable, "..", "python3"));
  addTree(archive, library, library, (name) => PYTHON_LEFT_OUT.test(name));
  for (const extension of globSync(join(library, "lib-dynload/*.so"))) addLibraries(archive, extension);
}
