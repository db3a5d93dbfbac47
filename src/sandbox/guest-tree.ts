import { lstatSync, readlinkSync } from "node:fs";
import type { MountSpec } from "../linux/index.ts";
import { RESOLVER_TEXT } from "../linux/net/out/granted-names.ts";

/**
 * The file tree every guest sees: what programs of the host need to run, and nothing that tells about the host's users.
 * An allow-list: a directory of the host that is not named here, in a template or by the caller does not exist.
 */

/** Program trees, shared read-only. On merged-/usr systems all but the first are symbolic links, and shown as such. */
const SYSTEM_DIRECTORIES = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** Parts of /etc that programs read to work at all; none of them holds a secret or names a user. */
const SYSTEM_CONFIGURATION = [
  ...["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld-musl-x86_64.path", "alternatives"],
  ...[
    "localtime",
    "timezone",
    "locale.alias",
    "locale.conf",
    "mime.types",
    "magic",
    "magic.mime",
    "services",
    "protocols",
  ],
  ...["terminfo", "inputrc", "fonts", "ghostscript", "ImageMagick-6", "ImageMagick-7", "papersize", "perl"],
  ...["python3", "python3.11", "python3.12", "python3.13", "python3.14", "os-release", "debian_version", "lsb-release"],
  ...["ssl/certs", "ssl/openssl.cnf", "pki/tls", "ca-certificates", "java-17-openjdk", "java-21-openjdk"],
];

export const GUEST_HOSTNAME = "ztl";
export const GUEST_HOME = "/home/agent";
/** What the host's packages put first for an ordinary user, so that `env` finds the same programs. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface GuestIdentity {
  readonly uid: number;
  readonly gid: number;
}

/** Name of the guest's one user. */
export function userName(identity: GuestIdentity): string {
  return identity.uid === 0 ? "root" : "agent";
}

/** The environment a tool call starts with; a call's own `env` is laid over it. */
export function guestEnvironment(
  identity: GuestIdentity,
  programDirectories: readonly string[] = [],
): Record<string, string> {
  const name = userName(identity);
  return {
    PATH: [...programDirectories, PATH].join(":"),
    HOME: GUEST_HOME,
    USER: name,
    LOGNAME: name,
    SHELL: "/bin/sh",
    LANG: "C.UTF-8",
  };
}

/** Shows a host path as it is: links as links, so that /bin is /usr/bin also for the guest. */
function shownAsOnHost(path: string): MountSpec | undefined {
  try {
    const status = lstatSync(path);
    if (status.isSymbolicLink()) return { guest: path, kind: "symlink", target: readlinkSync(path) };
    if (status.isDirectory() || status.isFile()) return { guest: path, kind: "ro", host: path };
  } catch {
    // Not on this host: then not in the guest.
  }
  return undefined;
}

/** Where programs look names up, of hosts among others. */
const SWITCH = (hosts: string): string[] => [
  ...["passwd: files", "group: files", `hosts: ${hosts}`, "services: files", "protocols: files"],
];
const NO_NETWORK = { "nsswitch.conf": SWITCH("files"), "resolv.conf": ["# There is no network here."] };
const WITH_NETWORK: typeof NO_NETWORK = {
  "nsswitch.conf": SWITCH("files dns"),
  // It answers at once, or not at all.
  "resolv.conf": [`nameserver ${RESOLVER_TEXT}`, "options timeout:1 attempts:1"],
};

const textOf = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

/** Contents of files, by path, in a run that has a way out: in the place of those that are ours. */
export function networkFiles(mounts: readonly MountSpec[]): Record<string, string> {
  const own = Object.entries(NO_NETWORK).filter(([file, lines]) =>
    mounts.some((mount) => mount.guest === `/etc/${file}` && mount.kind === "file" && mount.content === textOf(lines)),
  );
  return Object.fromEntries(
    own.map(([file]) => [`/etc/${file}`, textOf(WITH_NETWORK[file as keyof typeof NO_NETWORK])]),
  );
}

function accountFiles(identity: GuestIdentity): MountSpec[] {
  const { uid, gid } = identity;
  const name = userName(identity);
  const users = [
    `${name}:x:${uid}:${gid}:agent:${GUEST_HOME}:/bin/sh`,
    "nobody:x:65534:65534:nobody:/nonexistent:/bin/false",
  ];
  if (uid !== 0) users.unshift("root:x:0:0:root:/:/bin/sh");
  const groups = [`${gid === 0 ? "root" : "agent"}:x:${gid}:`, "nogroup:x:65534:"];
  if (gid !== 0) groups.unshift("root:x:0:");
  const files = {
    passwd: users,
    group: groups,
    hosts: ["127.0.0.1 localhost", `127.0.1.1 ${GUEST_HOSTNAME}`, "::1 localhost"],
    hostname: [GUEST_HOSTNAME],
    ...NO_NETWORK,
  };
  return Object.entries(files).map(([file, lines]) => ({
    guest: `/etc/${file}`,
    kind: "file",
    content: textOf(lines),
  }));
}

/** Directories a guest may write to; each is empty, in RAM, and gone after the run. */
function scratchDirectories(identity: GuestIdentity): MountSpec[] {
  // A tmpfs belongs to root; the guest has one user, so others' write permission gives nothing away.
  const own = identity.uid === 0 ? 0o755 : 0o777;
  return [
    { guest: "/tmp", kind: "tmpfs", mode: 0o1777 },
    { guest: "/var/tmp", kind: "tmpfs", mode: 0o1777 },
    { guest: "/run", kind: "tmpfs", mode: own },
    { guest: GUEST_HOME, kind: "tmpfs", mode: own },
  ];
}

/** The mounts of every guest. Later ones at the same place replace earlier ones: the caller's word is last. */
export function guestTree(identity: GuestIdentity, additions: readonly MountSpec[]): MountSpec[] {
  const system = [...SYSTEM_DIRECTORIES, ...SYSTEM_CONFIGURATION.map((name) => `/etc/${name}`)]
    .map(shownAsOnHost)
    .filter((mount) => mount !== undefined);
  const byPlace = new Map<string, MountSpec>();
  for (const mount of [...system, ...accountFiles(identity), ...scratchDirectories(identity), ...additions]) {
    byPlace.set(mount.guest, mount);
  }
  return [...byPlace.values()];
}
