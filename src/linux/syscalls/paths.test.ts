import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Machine } from "../../vmm/index.ts";
import { kvmMissing } from "../../vmm/testing.ts";
import { Config } from "../kernel/config.ts";
import { Kernel } from "../kernel.ts";
import type { MountSpec } from "../vfs/index.ts";

/** Shell scripts run natively and in the VM, on equal directories: what they print about files must be the same. */

const SYSTEM: readonly MountSpec[] = [
  { guest: "/usr", kind: "ro", host: "/usr" },
  ...["bin", "lib", "lib64"].map((name) => ({ guest: `/${name}`, kind: "symlink", target: `usr/${name}` }) as const),
  { guest: "/etc/alternatives", kind: "ro", host: "/etc/alternatives" },
  { guest: "/tmp", kind: "tmpfs", mode: 0o1777 },
];
const ENVIRONMENT = { PATH: "/usr/bin", LC_ALL: "C", TZ: "UTC" };

/** The scripts are written to give the same output on every file system: sorted, without sizes of directories. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "make, link, copy and move": `
    mkdir -p d/e/f; echo one > d/a; echo two >> d/a; ln d/a d/hard; ln -s a d/sym; cp -a d d2; mv d2 d3
    stat -c '%n %s %h %F %a' d/a d/sym d3/hard; cat d/sym; readlink d/sym; find . | sort; diff -r d d3 && echo same
    (cd d/e/f && mv ../../e ../../../moved && basename "$(dirname "$(pwd -P)")"); ls moved; rmdir moved/f moved; ls`,
  "modes, times and sizes": `
    umask 027; : > f; mkdir g; stat -c '%n %a' f g; chmod u+s,o+r f; stat -c %a f; chmod 1777 g; stat -c %A g
    touch -d '2001-02-03 04:05:06.789' f; stat -c '%y %s' f; touch -r f g; stat -c %Y g; truncate -s 1M f; stat -c %s f
    dd if=/dev/zero of=h bs=1k count=3 seek=5 2>/dev/null; stat -c %s h; [ -x f ]; echo $?; [ -w f ]; echo $?
    fallocate -l 5000 k && stat -c %s k; fallocate -p -o 0 -l 4096 k && stat -c %s k`,
  errors: `
    for c in "cat no" "cat no/f" "cat ." "mkdir ." "rmdir ." "ls no" "rm ." "ln no x" "mv . x" "cd no" "readlink ."; do
      $c 2>&1 | sed 's/^.*: //'; done
    : > f; mkdir -p d/x; for c in "mkdir f" "mkdir d" "rmdir d" "rmdir f" "cat f/" "ln -s a f" "mv -T f d" "ls f/x"; do
      $c 2>&1 | sed 's/^.*: //'; done
    ln -s l l; cat l 2>&1; echo x > /dev/full; echo $?; cat "$(printf 'n%.0s' $(seq 300))" 2>&1 | sed 's/^.*: //'`,
  "archives and pipes": `
    mkdir -p t/u; for i in 1 2 3 4 5; do seq $i 2000 > t/u/$i; done; ln -s u/1 t/s; tar cf a.tar t; tar tf a.tar | sort
    mkdir x; tar xf a.tar -C x; diff -r t x/t && echo same; gzip a.tar; gunzip -c a.tar.gz | tar tf - | wc -l
    find t -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum; sed -i s/1999/nineteen/ t/u/3; grep -rl nineteen t
    mkfifo p; (echo through > p &) ; cat p; echo in | cat /dev/stdin; echo out > /dev/stdout; rm -r t x; ls -A`,
  "descriptors and /proc": `
    echo text > f; exec 7<f; rm f; cat <&7; readlink /proc/self/fd/7 | sed 's/.*f (/f (/'; cat /proc/self/fd/7
    basename "$(readlink /proc/self/exe)"; cat /proc/self/comm; mkdir d; cd d; rmdir ../d; ls; /bin/pwd 2>&1 | sed 's/^.*: //'
    echo x > new 2>/dev/null; echo $?; exec 7<&-; cat <&7 2>/dev/null; echo $?; wc -c < /dev/null; head -c 3 /dev/zero | od -c`,
};

describe("path system calls", { skip: kvmMissing }, () => {
  const root = fs.mkdtempSync(join(tmpdir(), "ztl-paths-"));
  after(() => fs.rmSync(root, { recursive: true, force: true }));

  for (const [title, script] of Object.entries(SCRIPTS)) {
    it(`do as Linux does: ${title}`, () => {
      const [native, lower] = ["native", "lower"].map((name) => fs.mkdtempSync(join(root, name)));
      const expected = execFileSync("/usr/bin/bash", shellArguments(script), {
        cwd: native,
        env: ENVIRONMENT,
        input: "",
      });
      assert.equal(runInVm(lower, script), expected.toString("latin1"));
      assert.deepEqual(fs.readdirSync(lower), [], "the host directory stays as it was");
    });
  }
});

/** Both runs print into a pipe, so that standard output is the same kind of file. */
function shellArguments(script: string): string[] {
  return ["--norc", "-c", `{ ${script}\n} 2>&1 | cat`];
}

function runInVm(lower: string, script: string): string {
  const mounts: MountSpec[] = [...SYSTEM, { guest: "/data", kind: "overlay", host: lower }];
  const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const config = new Config({ mounts, hostname: "guest", uid, gid });
  const machine = Machine.create({ memoryBytes: 256 * 1024 * 1024 });
  try {
    const kernel = Kernel.boot(machine, config);
    const argv = ["/usr/bin/bash", ...shellArguments(script)];
    kernel.spawn({ path: "/usr/bin/bash", argv, env: ENVIRONMENT, cwd: "/data" });
    kernel.setInput(new Uint8Array());
    const outcome = kernel.run({ poll: () => "continue" });
    assert.deepEqual(outcome, { kind: "exited", code: 0 });
    return kernel.output.stdout.toString("latin1");
  } finally {
    machine.close();
    config.close();
  }
}
