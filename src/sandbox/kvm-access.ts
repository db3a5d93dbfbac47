import { readFileSync, type Stats, statSync } from "node:fs";
import { userName } from "../base/user-directories.ts";

/** Who may open /dev/kvm, and how somebody becomes one of them. */

const DEVICE = "/dev/kvm";
/** S_IRGRP | S_IWGRP (inode(7)). */
const GROUP_MAY_USE = 0o060;

/** What the device and this user are; a test brings its own. */
export interface KvmAccess {
  readonly mode: number;
  /** Of the device: names, or numbers where they have none. */
  readonly owner: string;
  readonly group: string;
  readonly gid: number;
  readonly user: string;
  /** Whether the user's account is in the device's group, which a login from before does not know yet. */
  readonly isMember: boolean;
}

export function kvmAccess(): KvmAccess | undefined {
  const status = statSync(DEVICE, { throwIfNoEntry: false });
  return status && accessOf(status);
}

function accessOf({ mode, uid, gid }: Stats): KvmAccess {
  const user = userName();
  const group = entryOf("/etc/group", gid);
  return {
    mode: mode & 0o777,
    owner: entryOf("/etc/passwd", uid)?.name ?? String(uid),
    group: group?.name ?? String(gid),
    gid,
    user,
    isMember: group?.members.includes(user) ?? false,
  };
}

export interface Advice {
  readonly text: string;
  readonly remedy: string;
}

/** What to do when this user may not open it. Root's group is nobody's to join: it may do far more than start micro-VMs. */
export function kvmAccessAdvice({ mode, owner, group, gid, user, isMember }: KvmAccess): Advice {
  const text = `/dev/kvm is there, but ${user} may not open it (${owner}:${group}, mode ${mode.toString(8).padStart(4, "0")})`;
  const hasAccount = !/^uid-\d+$/.test(user);
  if ((mode & GROUP_MAY_USE) === GROUP_MAY_USE && gid !== 0) {
    if (isMember) return { text, remedy: `${user} is in the group ${group} since the last login: log in again` };
    const join = hasAccount
      ? `\`sudo usermod -aG ${group} ${user}\`, then log in again`
      : `start this user with the group ${gid} added`;
    return { text, remedy: `${join}; in a container: --group-add ${gid}` };
  }
  const member = hasAccount ? ` && sudo usermod -aG kvm ${user}` : "";
  return {
    text,
    remedy:
      `no group may use it, so give it to one: \`sudo groupadd -rf kvm && sudo chgrp kvm /dev/kvm && sudo chmod 660 /dev/kvm${member}\`, ` +
      'then log in again; to keep it so, put KERNEL=="kvm", GROUP="kvm", MODE="0660" into a file in /etc/udev/rules.d/; in a ' +
      "container, do it where the container is started",
  };
}

interface AccountEntry {
  readonly name: string;
  readonly members: readonly string[];
}

/** passwd(5) and group(5): name, password and number first; of a group then its members. */
function entryOf(file: string, id: number): AccountEntry | undefined {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch {
    return undefined;
  }
  const fields = lines.map((line) => line.split(":")).find(([, , number]) => number === String(id));
  return fields && { name: fields[0] ?? "", members: (fields[3] ?? "").split(",") };
}
