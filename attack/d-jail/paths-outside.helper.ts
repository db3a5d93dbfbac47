import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { MountSpec } from "../../src/linux/index.ts";
import type { Layer } from "../../src/vmm/index.ts";
import type { Stage } from "../stage.ts";
import { type Doing, saysNoSecret, targetsOf, withCaptive } from "./captive.helper.ts";

interface Given {
  readonly paths: readonly string[];
  readonly shown: string;
}

/** What of it could be opened or asked about, from any descriptor that the cell has, and by which flags. */
const reach: Doing<Given> = ({ call, descriptors, memory, text, koffi }, { paths, shown }) => {
  const buffer = memory(4096);
  const contentOf = (fd: number): string => {
    const length = call(17, fd, buffer, 4096, 0); // pread64
    return length > 0 ? Buffer.from(koffi.view(BigInt(buffer), length)).toString("latin1") : "";
  };
  const reached: string[] = [];
  const open = descriptors();
  for (const path of [shown, ...paths]) {
    const name = text(path);
    for (const directory of [...open, 0xffff_ff9c]) {
      // To read; a directory; not through a link; only its place (O_PATH).
      for (const flags of [0, 0o200000, 0o400000, 0o10000000]) {
        const fd = call(257, directory, name, flags | 0o2000000 | 0o4000); // openat
        if (fd < 0) continue;
        reached.push(`${flags === 0o10000000 ? "place of" : "read"} ${path}: ${contentOf(fd)}`);
        call(3, fd); // close
      }
      if (call(262, directory, name, buffer, 0x100) === 0) reached.push(`status of ${path}`); // newfstatat
      if (call(267, directory, name, buffer, 4096) > 0) reached.push(`link ${path}`); // readlinkat
    }
    if (call(332, -100, name, 0, 0x7ff, buffer) === 0) reached.push(`status of ${path}`); // statx
  }
  return JSON.stringify([...new Set(reached)]);
};

/** Ways to what no guest is shown. */
function pathsOf(stage: Stage): string[] {
  const { directory, secretFile, socketPath, parent, victim } = targetsOf(stage);
  const up = "../".repeat(40).slice(0, -1);
  return [
    ...[secretFile, `${directory}/link`, `${directory}/deep`, socketPath, `${up}${secretFile}`, `.${up}${secretFile}`],
    ...["/etc/shadow", "/root/.bashrc", "/var/log", "/boot", "/dev/kvm", "/dev/mem", "/dev/tty", "/sys/kernel", "/run"],
    ...[
      "/proc/self/exe",
      "/proc/self/mem",
      "/proc/self/fd/3",
      "/proc/thread-self/root",
      "/proc/kcore",
      "/proc/kallsyms",
    ],
    ...[parent, victim].flatMap((pid) =>
      ["mem", "environ", "maps", "root/etc/shadow", "cwd", "fd/77"].map((name) => `/proc/${pid}/${name}`),
    ),
  ];
}

/**
 * Nothing outside the mounts is read with these walls away, while what is mounted is.
 * @param names whether the walls that remain also hide that a path exists.
 */
export async function assertNothingOutside(
  stage: Stage,
  without: readonly Layer[],
  names: "hidden" | "told",
): Promise<void> {
  const shown = stage.newDirectory();
  writeFileSync(`${shown}/shown.txt`, "this is mounted");
  const mounts: readonly MountSpec[] = [{ kind: "ro", guest: "/data", host: shown }];
  await withCaptive(
    stage,
    async (captive) => {
      const given = { paths: pathsOf(stage), shown: "shown.txt" };
      const reached = JSON.parse(await saysNoSecret(stage, captive, reach, given)) as string[];
      assert.ok(reached.includes("read shown.txt: this is mounted"), "not even what is mounted was read");
      const outside = reached.filter((what) => !what.includes("shown.txt"));
      assert.deepEqual(names === "hidden" ? outside : outside.filter((what) => what.startsWith("read")), []);
    },
    { without, mounts },
  );
}
