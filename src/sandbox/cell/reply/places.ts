import { realpathSync } from "node:fs";
import { type ByteString, byteStringOf, textOf, toByteString } from "../../../base/byte-string.ts";
import { unless } from "../../../base/system-error.ts";
import { ZtlError } from "../../../errors.ts";
import type { MountSpec } from "../../../linux/index.ts";

/** Where something stands in the guest's tree: the mount it belongs to, and its path below that mount's place. */
export interface Place {
  readonly mount: MountSpec;
  /** Byte string without a leading slash; "" for the mount's own place. */
  readonly below: ByteString;
}

/** The mounts of one cell by place: what a run may have read, and where it may have changed something. */
export class Places {
  readonly #mounts: ReadonlyMap<string, MountSpec>;
  #realPaths: (readonly [string, ByteString])[] | undefined;

  constructor(mounts: readonly MountSpec[]) {
    this.#mounts = new Map(mounts.map((mount) => [normalised(mount.guest), mount]));
  }

  /** The innermost mount over a path: what an outer one has there is hidden. */
  find(path: ByteString): Place | undefined {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const mount = this.#mounts.get(path.slice(0, end));
      if (mount !== undefined) return { mount, below: path.slice(end + 1) as ByteString };
    }
    const root = this.#mounts.get("/");
    return root && { mount: root, below: path.slice(1) as ByteString };
  }

  /** The host paths of mounts that lead to another, with that one as a byte string: found once, as a cell finds them. */
  realPaths(): readonly (readonly [string, ByteString])[] {
    this.#realPaths ??= [...this.#mounts.values()].flatMap((mount) => {
      if (mount.kind !== "ro" && mount.kind !== "overlay") return [];
      const real = unless(["ENOENT", "EACCES", "ENOTDIR"], () => realpathSync.native(mount.host, "buffer"));
      const path = real && byteStringOf(real);
      return path === undefined || path === toByteString(mount.host) ? [] : [[mount.host, path] as const];
    });
    return this.#realPaths;
  }

  /** The host's path of what the guest sees there, as text: bytes that are not UTF-8 are replaced. */
  hostPathOf(path: ByteString): string {
    const { mount, below } = this.find(path) ?? {};
    if (mount?.kind !== "ro" && mount?.kind !== "overlay") throw new ZtlError("invariant", "A path is not the host's");
    if (below === undefined || below === "") return mount.host;
    const name = textOf(below);
    return mount.host.endsWith("/") ? mount.host + name : `${mount.host}/${name}`;
  }
}

function normalised(guest: string): string {
  return `/${toByteString(guest)
    .split("/")
    .filter((name) => name !== "")
    .join("/")}`;
}
