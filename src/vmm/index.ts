export { type Cpu, REGISTER_COUNT, Register, type Trap, Vector } from "./cpu.ts";
export { GuestMemory } from "./guest-memory.ts";
export type { CellGroup, GroupLimits } from "./host/cgroup/cell-group.ts";
export { type ConfineOptions, confineProcess } from "./host/confine.ts";
export { threadCpuMs } from "./host/cpu-clock.ts";
export { type DescriptorPair, descriptorPair, receiveDescriptors, sendDescriptors } from "./host/descriptor-channel.ts";
export { giveBackFreedMemory } from "./host/freed-memory.ts";
export { inheritKvmDevice } from "./host/kvm.ts";
export { Descriptor } from "./host/launcher/descriptors.ts";
export { LAYERS, type Layer } from "./host/launcher/launch.ts";
export { availableLayers, Launcher, type LaunchFailure } from "./host/launcher/launcher.ts";
export { type LaunchReport, parseReport } from "./host/launcher/report-message.ts";
export { duplicateFd, memfdCreate, sealMemfd } from "./host/memfd.ts";
export {
  exitProcess,
  lockDownProcess,
  openBeneath,
  pollReadable,
  readLink,
  setParentDeathSignal,
  threadId,
} from "./host/process.ts";
export {
  AnnexBytes,
  AnnexVa,
  DATA_START,
  PAGE_SIZE,
  SystemPhysical,
  SystemVa,
  USER_ADDRESS_LIMIT,
  USER_ADDRESS_START,
} from "./layout.ts";
export { Machine } from "./machine.ts";
export type { MachineImage } from "./machine-image.ts";
export { OutOfGuestMemory, PageAllocator } from "./page-allocator.ts";
export {
  type Entry,
  EntryFlag,
  isExecutable,
  isWritable,
  type PageTables,
  physicalOf,
} from "./page-tables.ts";
export { type HostProbe, type HostProblem, probeHost } from "./probe.ts";
export type { RollbackResult } from "./rollback.ts";
export { loadImage, saveImage, writeImage } from "./snapshot-file.ts";
export { OutOfPageTables } from "./table-arena.ts";
