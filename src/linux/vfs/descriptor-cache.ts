import { closeSync } from "node:fs";

/** Host descriptors kept open; a quarter of the usual soft limit of 1024 (getrlimit(2), RLIMIT_NOFILE). */
export const DESCRIPTORS_MAX = 256;

/** Open host files by owner, least recently used closed first. */
export class DescriptorCache {
  readonly #limit: number;
  /** In order of last use: a Map remembers insertion. */
  readonly #descriptors = new Map<object, number>();

  constructor(limit = DESCRIPTORS_MAX) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#descriptors.size;
  }

  get(owner: object): number | undefined {
    const descriptor = this.#descriptors.get(owner);
    if (descriptor !== undefined) {
      this.#descriptors.delete(owner);
      this.#descriptors.set(owner, descriptor);
    }
    return descriptor;
  }

  set(owner: object, descriptor: number): void {
    this.drop(owner);
    this.#descriptors.set(owner, descriptor);
    for (const oldest of this.#descriptors.keys()) {
      if (this.#descriptors.size <= this.#limit) break;
      this.drop(oldest);
    }
  }

  drop(owner: object): void {
    const descriptor = this.#descriptors.get(owner);
    if (descriptor === undefined) return;
    this.#descriptors.delete(owner);
    closeSync(descriptor);
  }

  close(): void {
    for (const owner of [...this.#descriptors.keys()]) this.drop(owner);
  }
}
