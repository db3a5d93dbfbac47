import { USER_ADDRESS_LIMIT, USER_ADDRESS_START } from "../../vmm/index.ts";
import { fail } from "../errno.ts";
import { Protection } from "./vma.ts";

export type Access = "read" | "write" | "execute";

/** Refuses what mmap(2) refuses: the lowest addresses (vm.mmap_min_addr) and those beyond a process's reach. */
export function checkPlace(start: number, end: number): void {
  if (start < USER_ADDRESS_START) fail("EPERM");
  if (end > USER_ADDRESS_LIMIT) fail("ENOMEM");
}

export function permits(protection: number, access: Access): boolean {
  if (access === "write") return (protection & Protection.write) !== 0;
  if (access === "execute") return (protection & Protection.execute) !== 0;
  return protection !== Protection.none;
}
