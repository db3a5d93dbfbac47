import { HiddenPlaces, type HiddenPlacesData } from "../../base/hidden-places.ts";
import type { Kernel } from "../kernel.ts";
import { Calibrator } from "../vdso/calibration.ts";
import { FixedFile, nextFixedIno, restartFixedInos } from "../vfs/fixed.ts";
import { HostShared } from "../vfs/host-tree.ts";
import {
  ByteBudget,
  devMounts,
  fixedEntries,
  MountPlan,
  type MountSpec,
  NAMES_MAX,
  procRoot,
  type RunLayer,
  SyntheticDirectory,
  Vfs,
} from "../vfs/index.ts";
import { procSource } from "./proc.ts";
import { RandomSource } from "./random.ts";

/** What a guest's world looks like, apart from its programs. */
export interface KernelConfig {
  /** The file tree; /proc, /dev and a little of /sys are added. */
  readonly mounts: readonly MountSpec[];
  readonly hostname: string;
  /** Who the guest's programs run as. */
  readonly uid: number;
  readonly gid: number;
  /** What is not there for guests, whatever is mounted. */
  readonly hidden?: HiddenPlacesData | undefined;
}

/** The few files of /sys that runtimes size themselves by (sysfs(5)): one CPU, one node, small pages, one interface. */
const SYSTEM_FILES: readonly MountSpec[] = Object.entries({
  "devices/system/cpu/online": "0",
  "devices/system/cpu/possible": "0",
  "devices/system/cpu/present": "0",
  "devices/system/node/online": "0",
  "class/net/lo/address": "00:00:00:00:00:00",
  "class/net/lo/flags": "0x9",
  "class/net/lo/ifindex": "1",
  "class/net/lo/mtu": "65536",
  "class/net/lo/operstate": "unknown",
  "class/net/lo/type": "772",
  "kernel/mm/transparent_hugepage/enabled": "always madvise [never]",
}).map(([path, text]) => ({ guest: `/sys/${path}`, kind: "file", content: `${text}\n` }));

/** A configuration made ready once and used by run after run; keeps what is known of the host's files. */
export class Config {
  readonly hostname: string;
  readonly uid: number;
  readonly gid: number;
  readonly plan: MountPlan;
  readonly calibrator = new Calibrator();
  /** Begun anew by each run. */
  readonly random = new RandomSource();
  /** Where the inode numbers of a run's own files begin. */
  readonly firstRunIno: number;

  constructor(config: KernelConfig) {
    this.hostname = config.hostname;
    this.uid = config.uid;
    this.gid = config.gid;
    // /proc belongs to the run; the plan only says where it is.
    const placeholder = new SyntheticDirectory(fixedEntries(new Map()), 0o555);
    const hidden = config.hidden === undefined ? undefined : new HiddenPlaces(config.hidden);
    this.plan = new MountPlan(
      [
        ...config.mounts,
        ...devMounts((bytes) => this.random.fill(bytes)),
        ...SYSTEM_FILES,
        { guest: "/proc", kind: "synthetic", root: placeholder },
      ],
      new HostShared(hidden),
    );
    this.firstRunIno = nextFixedIno();
    this.plan.checkHost();
  }

  close(): void {
    this.plan.close();
  }
}

/** What one run changes of the tree. */
interface OfRun {
  readonly layer?: RunLayer | undefined;
  /** Contents of files, by path. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/** The file system of one run. */
export function configuredVfs(config: Config, kernel: Kernel, { layer, files = {} }: OfRun): Vfs {
  restartFixedInos(config.firstRunIno);
  const own = Object.entries(files).map(([path, text]) => [path, new FixedFile(Buffer.from(text, "utf8"), 0o644)]);
  return new Vfs({
    layer,
    files: Object.fromEntries(own),
    plan: config.plan,
    budget: new ByteBudget(kernel.limits.overlayBytes, NAMES_MAX, kernel.allowance),
    uid: config.uid,
    now: () => kernel.clock.realtimeNs(),
    sortsNames: kernel.clock.isVirtual,
    roots: { "/proc": () => procRoot(procSource(kernel)), "/dev/pts": () => kernel.terminals.directory() },
  });
}
