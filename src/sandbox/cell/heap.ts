import { getHeapStatistics } from "node:v8";
import { giveBackFreedMemory } from "../../vmm/index.ts";

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
  #peakBytes = this.#keptBytes;

  /**
   * Called every now and then during a run. V8 may have collected most of what it leaves by its end; the C library still
   * keeps it then.
   */
  note(): void {
    this.#peakBytes = Math.max(this.#peakBytes, heapBytes());
  }

  /** Called when a run's result is on its way, so that nobody waits for it but the next run. */
  clear(): void {
    this.note();
    if (this.#peakBytes - this.#keptBytes < GROWTH_BYTES_MAX) return;
    // The only kind of collection that makes the heap small again.
    globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
    // Buffers are the C library's memory, which stays with the process where a buffer still in use lies behind it.
    giveBackFreedMemory();
    this.#keptBytes = heapBytes();
    this.#peakBytes = this.#keptBytes;
  }
}

/** With what is held outside of it for objects inside: buffers. */
function heapBytes(): number {
  const { total_heap_size, external_memory } = getHeapStatistics();
  return total_heap_size + external_memory;
}
