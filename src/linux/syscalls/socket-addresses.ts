import { fail } from "../errno.ts";
import { ADDRESS_BYTES_MAX } from "../net/abi.ts";
import { Socket, type SocketCaller } from "../net/socket.ts";
import { Access, FileType } from "../vfs/index.ts";
import type { Call } from "./call.ts";

/** The socket behind the descriptor in this argument: EBADF, ENOTSOCK. */
export function socketOf(call: Call): Socket {
  const file = call.process.files.get(call.int(0));
  return file instanceof Socket ? file : fail("ENOTSOCK");
}

/** A struct sockaddr of the caller's: EINVAL, EFAULT. */
export function readAddress(call: Call, pointer: number, length: number): Buffer {
  if (length < 0 || length > ADDRESS_BYTES_MAX) fail("EINVAL");
  return length === 0 ? Buffer.alloc(0) : call.memory.read(pointer, length);
}

/**
 * Writes an address, or as much of it as there is room for, and how long all of it is: EINVAL for a negative length.
 * (move_addr_to_user, net/socket.c)
 */
export function writeAddress(call: Call, address: Buffer, pointer: number, lengthPointer: number): void {
  const room = call.memory.readI32(lengthPointer);
  if (room < 0) fail("EINVAL");
  call.memory.write(pointer, address.subarray(0, room));
  call.memory.writeU32(lengthPointer, address.length);
}

/** Who makes this call, as a socket needs to know. */
export function callerOf(call: Call): SocketCaller {
  const { kernel, process } = call;
  const { credentials, fs } = process;
  return {
    pid: process.pid,
    uid: credentials.uid,
    gid: credentials.gid,
    makeNode: (path) => kernel.vfs.mknod(fs.cwd, path, FileType.socket, 0o777 & ~fs.umask, 0, credentials).inode,
    findNode(path) {
      const location = kernel.vfs.resolve(fs.cwd, path, { followLast: true, credentials });
      kernel.vfs.access(location, Access.write, credentials);
      return location.inode;
    },
  };
}
