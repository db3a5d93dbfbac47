import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** Scripts run one after the other: in the micro-VM each over what the ones before it changed, natively in a copy. */
export const CHAINS: Readonly<Record<string, readonly string[]>> = {
  "new, changed and deleted files": [
    "echo new > new; echo more >> a.txt; rm b.txt",
    "cat new a.txt; ls; echo again >> new",
    "cat new; echo back > b.txt; truncate -s 3 a.txt",
    "cat a.txt b.txt new",
  ],
  "a deleted file comes back": ["rm a.txt", "ls; echo other > a.txt", "cat a.txt; rm a.txt", "ls"],
  renames: [
    "mv a.txt moved; mv dir folder",
    "cat moved folder/sub/deep; mv moved back; rmdir empty; mv folder/sub .",
    "cat back sub/deep; mv sub folder/again; mv folder dir",
    "find . | sort",
  ],
  "another kind of thing": [
    "rm a.txt; mkdir a.txt; echo x > a.txt/in; rm -r dir; echo file > dir",
    "cat a.txt/in dir; rm dir; mkdir dir; rm -r a.txt; ln -s b.txt a.txt",
    "cat a.txt; ls dir; echo y > dir/new; rm a.txt; echo plain > a.txt",
    "find . | sort; cat a.txt dir/new",
  ],
  "links of both kinds": [
    "ln a.txt hard; ln -s /etc/hostname out; ln -s a.txt near; echo via >> hard",
    "cat a.txt near; readlink out; stat -c '%h %n' a.txt hard; echo again >> a.txt",
    "cat hard; rm a.txt; echo last >> hard; stat -c %h hard",
    "cat hard; cat near || true",
  ],
  modes: [
    "chmod 600 a.txt; chmod 700 dir; echo '#!/bin/sh\necho ran' > run.sh; chmod 755 run.sh",
    "./run.sh; stat -c '%a %n' *; chmod 644 run.sh",
    "stat -c '%a %n' *; chmod 755 .; chmod 640 b.txt",
  ],
  "names that are hard to write": [
    "echo 1 > 'new\nline'; echo 2 > \"$(printf 'caf\\351')\"; mkdir -p 'd\nir/e'",
    "ls -b; cat new*line caf*; echo 3 >> \"$(printf 'caf\\351')\"; mv new*line 'd\nir/'",
    "find . | sort | od -c",
  ],
  "a program that was written before": [
    "printf 'print(6 * 7)' > mod.py; cp /bin/echo own; chmod 755 own",
    "python3 -c 'import sys; sys.dont_write_bytecode = True; sys.path.insert(0, \".\"); import mod'; ./own said",
    'python3 -c \'import mmap; f = open("mod.py", "r+b"); m = mmap.mmap(f.fileno(), 0); m[6:11] = b"7 * 8"; m.close()\'; cat mod.py',
  ],
  "deep trees": [
    "mkdir -p x/y/z; for i in 1 2 3; do echo $i > x/y/z/$i; done",
    "rm -r x/y/z; mkdir x/y/z; echo new > x/y/z/4; find x | sort",
    "rm -r x; find . | sort",
  ],
  "a file larger than a chunk": [
    "head -c 300000 /dev/zero | tr '\\0' a > big",
    "printf B | dd of=big bs=1 seek=150000 conv=notrunc 2>/dev/null; sha256sum big; stat -c %s big",
    "truncate -s 100000 big; sha256sum big; printf end >> big",
  ],
};

/** What the directory has before. */
export const TREE =
  "set -e; umask 022; chmod 755 .; echo one > a.txt; echo two > b.txt; mkdir -p dir/sub empty; echo deep > dir/sub/deep; echo k > dir/keep";
/** Everything about a tree but its times. */
export const LIST = `find . -printf '%y %m %l %p\\0' | sort -z | tr '\\0' '\\n'; find . -type f -print0 | sort -z | xargs -0 sha256sum`;

/** What a script prints, run natively. */
export function shell(script: string, cwd: string): string {
  const env = { PATH: process.env.PATH, LC_ALL: "C", HOME: cwd };
  const { stdout, status, stderr } = spawnSync("bash", ["-c", script], { cwd, env, encoding: "latin1" });
  assert.equal(status, 0, stderr);
  return stdout;
}
