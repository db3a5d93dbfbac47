import { PAGE_SIZE } from "../../vmm/index.ts";

export const pageFloor = (address: number): number => address - (address % PAGE_SIZE);
export const pageCeil = (address: number): number => Math.ceil(address / PAGE_SIZE) * PAGE_SIZE;
