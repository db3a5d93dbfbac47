import type { Kernel } from "../kernel.ts";
import type { MessageQueue } from "./messages.ts";
import { IpcTable } from "./objects.ts";
import { Semaphores } from "./semaphores.ts";
import { SharedMemory } from "./shared-memory.ts";

/** System V objects of a run (svipc(7)). */
export class SystemVIpc {
  readonly sharedMemory: SharedMemory;
  readonly semaphores = new Semaphores();
  readonly queues = new IpcTable<MessageQueue>();

  constructor(kernel: Kernel) {
    this.sharedMemory = new SharedMemory(kernel);
  }
}

export { MESSAGE_BYTES_MAX, MessageQueue, QUEUE_BYTES, QUEUE_CONTENT_BYTES } from "./messages.ts";
export { Ipc, IpcControl, type IpcObject, type IpcTable, OBJECTS_MAX, Right } from "./objects.ts";
export { type SemaphoreOperation, SemaphoreSet, type SemaphoreWait, VALUE_MAX, waitsNot } from "./semaphores.ts";
export { Segment } from "./shared-memory.ts";
