import { getHeapStatistics } from "node:v8";

/**
 * What runs may leave of the heap before it is cleared. They free all they had, but V8 lets its heap grow to several times
 * what it needs before it looks for garbage, and gives little back. Ordinary calls do not come near; clearing takes longer
 * than one of them.
 */
const GROWTH_BYTES_MAX = 48 * 1024 * 1024;

/**
 * Keeps what a cell has in memory between runs near what it needs. Made when the guest's memory is mapped, which counts as
 * held by the heap. Needs a Node started with --expose-gc.
 */
export class Heap {
  #keptBytes = heapBytes();

  /** Called when a run's result is on its way, so that nobody waits for it but the next run. */
  clear(): void {
    if (globalThis.gc === undefined || heapBytes() - this.#keptBytes < GROWTH_BYTES_MAX) return;
    // The only kind of collection that makes the heap small again.
    globalThis.gc({ type: "major", execution: "sync", flavor: "last-resort" });
    this.#keptBytes = heapBytes();
  }
}

/** With what is held outside of it for objects inside: buffers. */
function heapBytes(): number {
  const { total_heap_size, external_memory } = getHeapStatistics();
  return total_heap_size + external_memory;
}
