import { PAGE_SIZE } from "../../vmm/index.ts";

export const pageFloor = (address: number): number => address - (address % PAGE_SIZE);
export const pageCeil = (address: number): number => Math.ceil(address / PAGE_SIZE) * PAGE_SIZE;

/** Pages that are filled in one go: a mapping may be of terabytes, of which memory ends after a few runs of 16 MiB. */
export const RUN_PAGES_MAX = 4096;
