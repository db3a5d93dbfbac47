import { fail } from "../errno.ts";
import { InodeFile } from "../files/inode-file.ts";
import { Open, type OpenFile } from "../files/open-file.ts";
import { MemoryFile, Seal } from "../vfs/index.ts";
import type { Call } from "./call.ts";

/** memfd_create flags (linux/memfd.h). */
const Memfd = { closeOnExec: 1, allowSealing: 2, hugePages: 4, noExecute: 8, execute: 0x10 } as const;
const MEMFD_FLAGS = Memfd.closeOnExec | Memfd.allowSealing | Memfd.noExecute | Memfd.execute;
/** NAME_MAX less the "memfd:" that Linux puts before it (mm/memfd.c). */
const NAME_BYTES_MAX = 249;
const ALL_SEALS = 0x3f;

/** memfd_create(2): a file in RAM that has no name. Huge pages there are none. */
export function memfdCreate(call: Call): number {
  const flags = call.uint(1);
  if ((flags & Memfd.hugePages) !== 0) fail("ENODEV");
  if ((flags & ~MEMFD_FLAGS) !== 0) fail("EINVAL");
  if ((flags & Memfd.noExecute) !== 0 && (flags & Memfd.execute) !== 0) fail("EINVAL");
  const name = call.memory.readString(call.unsigned(0), NAME_BYTES_MAX + 1) ?? fail("EINVAL");
  const { uid, gid } = call.process.credentials;
  const isExecutable = (flags & Memfd.noExecute) === 0;
  const seals =
    (isExecutable ? 0 : Seal.execute) | ((flags & Memfd.allowSealing) === 0 && isExecutable ? Seal.seal : 0);
  const file = { mode: isExecutable ? 0o777 : 0o666, uid, gid };
  const location = call.kernel.vfs.memoryFile(name, file, seals);
  return call.process.files.install(new InodeFile(location, Open.readWrite), (flags & Memfd.closeOnExec) !== 0);
}

/** F_GET_SEALS (fcntl(2)): EINVAL for files that cannot have any. */
export function getSeals(file: OpenFile): number {
  const inode = file.location?.inode;
  return inode instanceof MemoryFile ? inode.seals : fail("EINVAL");
}

/** F_ADD_SEALS: EBUSY when a mapping could still write what is to be sealed. */
export function addSeals(call: Call, file: OpenFile, seals: number): number {
  const inode = file.location?.inode;
  if ((file.flags & Open.accessMode) === Open.readOnly) fail("EPERM");
  if (!(inode instanceof MemoryFile) || (seals & ~ALL_SEALS) !== 0) return fail("EINVAL");
  if ((inode.seals & Seal.seal) !== 0) fail("EPERM");
  if ((seals & ~inode.seals & Seal.write) !== 0 && isWrittenThroughMapping(call, inode)) fail("EBUSY");
  inode.seals |= seals;
  return 0;
}

function isWrittenThroughMapping({ kernel }: Call, inode: MemoryFile): boolean {
  return [...kernel.processes.values()].some(
    ({ exit, memory }) =>
      !exit && memory.vmas.all.some((vma) => vma.shared && !vma.neverWritable && vma.file?.mapped.inode === inode),
  );
}
