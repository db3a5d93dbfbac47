import { Errno, type ErrnoName, errnoName, fail } from "../errno.ts";

/** Throws the guest's error for a negative error number of the host. Unknown ones are I/O errors to the guest. */
export function failFromHost(negativeErrno: number): never {
  const name = errnoName(-negativeErrno);
  return fail(name in Errno ? (name as ErrnoName) : "EIO");
}

/** Runs a call of `node:fs`, turning its error into the guest's. */
export function fromHost<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "EIO";
    return fail(code in Errno ? (code as ErrnoName) : "EIO");
  }
}
