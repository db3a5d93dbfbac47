import { statSync } from "node:fs";
import { resolve } from "node:path";
import { HiddenPlaces, kernelMounts } from "../base/hidden-places.ts";
import { ownDirectories } from "../base/user-directories.ts";
import { ZtlError } from "../errors.ts";
import type { CallerMount, SandboxOptions } from "./call.ts";

/** What callers mount, looked at before anything is made of it. */

export function isDirectoryMount(mount: CallerMount): boolean {
  return (
    mount.kind === "tmpfs" || ((mount.kind === "ro" || mount.kind === "overlay") && statSync(mount.host).isDirectory())
  );
}

/** Throws ZtlError `mount-not-found`, `mount-invalid`. */
export function absoluteMount(mount: CallerMount): CallerMount {
  if (mount.kind !== "ro" && mount.kind !== "overlay") return mount;
  const host = resolve(mount.host);
  const status = statSync(host, { throwIfNoEntry: false });
  if (status === undefined)
    throw new ZtlError("mount-not-found", `There is no ${host} on this host to mount at ${mount.guest}`, { host });
  if (!status.isDirectory() && !(status.isFile() && mount.kind === "ro")) {
    throw new ZtlError("mount-invalid", `${host} cannot be mounted: a directory, or for ro a file, is needed`, {
      host,
    });
  }
  return { ...mount, host };
}

/** What no guest of a sandbox is shown: its own cache, those of other processes, states, the kernel's file systems. */
export function hiddenPlaces({ hidden = [] }: SandboxOptions, cacheDirectory: string | false): HiddenPlaces {
  const more = [...hidden, ...(cacheDirectory === false ? [] : [cacheDirectory])].map((path) => resolve(path));
  return HiddenPlaces.of([...ownDirectories(), ...more], kernelMounts());
}

/** A mount around a hidden place shows nothing there. Throws ZtlError `mount-hidden` for one that could show nothing else. */
export function refuseHidden(host: string, hidden: HiddenPlaces): void {
  const relation = hidden.relationOf(host);
  if (relation?.kind !== "inside") return;
  const { place } = relation;
  throw new ZtlError(
    "mount-hidden",
    `${host} cannot be mounted: it is, or lies in, ${place}, which no guest is shown`,
    {
      host,
      hidden: place,
      remedy:
        "Mount a directory outside it, or a copy. Where ztl keeps its own is told by cacheDirectory, stateDirectory, XDG_CACHE_HOME and XDG_STATE_HOME.",
    },
  );
}
