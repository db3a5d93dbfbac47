import { ZtlError } from "../../../errors.ts";
import type { MountSpec } from "../../../linux/index.ts";
import { toBytes } from "../../../linux/vfs/index.ts";

/** Where something stands in the guest's tree: the mount it belongs to, and its path below that mount's place. */
export interface Place {
  readonly mount: MountSpec;
  /** Byte string without a leading slash; "" for the mount's own place. */
  readonly below: string;
}

/** The mounts of one cell by place: what a run may have read, and where it may have changed something. */
export class Places {
  readonly #mounts: ReadonlyMap<string, MountSpec>;

  constructor(mounts: readonly MountSpec[]) {
    this.#mounts = new Map(mounts.map((mount) => [normalised(mount.guest), mount]));
  }

  /** The innermost mount over a path: what an outer one has there is hidden. */
  find(path: string): Place | undefined {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const mount = this.#mounts.get(path.slice(0, end));
      if (mount !== undefined) return { mount, below: path.slice(end + 1) };
    }
    const root = this.#mounts.get("/");
    return root && { mount: root, below: path.slice(1) };
  }

  /** The host's path of what the guest sees there, as text: bytes that are not UTF-8 are replaced. */
  hostPathOf(path: string): string {
    const { mount, below } = this.find(path) ?? {};
    if (mount?.kind !== "ro" && mount?.kind !== "overlay") throw new ZtlError("invariant", "A path is not the host's");
    if (below === undefined || below === "") return mount.host;
    const name = Buffer.from(below, "latin1").toString("utf8");
    return mount.host.endsWith("/") ? mount.host + name : `${mount.host}/${name}`;
  }
}

function normalised(guest: string): string {
  return `/${toBytes(guest)
    .split("/")
    .filter((name) => name !== "")
    .join("/")}`;
}
