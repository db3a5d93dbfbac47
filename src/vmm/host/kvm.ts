import { closeSync, openSync } from "node:fs";
import { ZtlError } from "../../errors.ts";
import { API_VERSION, Capability, MEMORY_LOG_DIRTY, Request, Run, SYNC_REGISTERS, XCRS_SIZE } from "./kvm-abi.ts";
import { addressOf, hostError, ioctlPointer, ioctlValue, lastErrno, stableBytes } from "./libc.ts";
import { mapShared, unmap } from "./memory-map.ts";

/** asm-generic/errno-base.h */
const EINTR = 4;
/** Each try takes 0.1 ms, and a signal interrupts one: so many in a row are no accident. */
const CREATE_TRIES_MAX = 100;
const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
/** Entries KVM_GET_SUPPORTED_CPUID may return; KVM_MAX_CPUID_ENTRIES is 256 (arch/x86/include/asm/kvm_host.h). */
const CPUID_ENTRIES = 256;
const CPUID_HEADER = 8;
const CPUID_ENTRY = 40;
/** Three pages KVM needs for itself on old VT-x hosts: below 4 GiB and above all guest memory (KVM API, 4.36). */
const TSS_ADDRESS = 0xfffbd000;

let device: number | undefined;
let inherited: number | undefined;
let runBytes = 0;

/** The process's one descriptor of /dev/kvm. */
export function kvmDevice(): number {
  if (device !== undefined) return device;
  let fd: number;
  try {
    fd = inherited ?? openSync("/dev/kvm", O_RDWR | O_CLOEXEC);
  } catch (error) {
    throw new ZtlError(
      "kvm-unavailable",
      "Cannot open /dev/kvm; run `ztl doctor` for what to do.",
      {},
      { cause: error },
    );
  }
  const version = ioctlValue(fd, Request.getApiVersion, 0);
  if (version !== API_VERSION) {
    closeSync(fd);
    if (version < 0) throw new ZtlError("kvm-unavailable", "Cannot open /dev/kvm; run `ztl doctor` for what to do.");
    throw new ZtlError("kvm-unavailable", `/dev/kvm speaks API ${version}, not ${API_VERSION}.`, { version });
  }
  device = fd;
  runBytes = ioctlValue(fd, Request.getVcpuMmapSize, 0);
  return fd;
}

/** Uses a descriptor that this process was given for /dev/kvm, instead of opening it. */
export function inheritKvmDevice(fd: number): void {
  inherited = fd;
}

/** Closes it for good, once this process has all the machines it will ever have. */
export function closeKvmDevice(): void {
  if (device !== undefined) closeSync(device);
  // Only a descriptor that is none: a later use of the device fails instead of opening it again.
  device = -1;
}

/** What KVM_CHECK_EXTENSION says for one capability: 0 when absent. */
export function checkCapability(number: number): number {
  return ioctlValue(kvmDevice(), Request.checkExtension, number);
}

/** Names of the capabilities this host lacks. */
export function missingCapabilities(): string[] {
  return Object.entries(Capability)
    .filter(([, number]) => checkCapability(number) <= 0)
    .map(([name]) => name);
}

/** `struct kvm_cpuid2` with what this host's KVM can give a guest. */
export function supportedCpuid(): Uint8Array<ArrayBuffer> {
  const table = stableBytes(CPUID_HEADER + CPUID_ENTRIES * CPUID_ENTRY);
  new DataView(table.buffer).setUint32(0, CPUID_ENTRIES, true);
  // SAFETY: the buffer has room for the number of entries it announces (rule a).
  if (ioctlPointer(kvmDevice(), Request.getSupportedCpuid, table) !== 0) throw hostError("KVM_GET_SUPPORTED_CPUID");
  return table;
}

/**
 * KVM_CREATE_VM. It registers an MMU notifier, which a signal that happens to be pending interrupts (EINTR; mm/mmap.c,
 * mm_take_all_locks): a child that ended at the wrong moment is no reason to refuse a machine.
 */
function createVm(device: number): number {
  for (let tries = 0; ; tries++) {
    // SAFETY: plain integers.
    const fd = ioctlValue(device, Request.createVm, 0);
    if (fd >= 0) return fd;
    const errno = lastErrno();
    if (errno !== EINTR || tries === CREATE_TRIES_MAX) throw hostError("KVM_CREATE_VM", errno);
  }
}

/** One KVM virtual machine: a memory slot and its dirty log. */
export class KvmVm {
  readonly fd: number;
  #region = new DataView(new ArrayBuffer(32));
  readonly #dirtyLog = new Uint8Array(16);
  /** Whose address is in it: each rollback asks with the same one. */
  #dirtyBitmap: Uint8Array | undefined;

  constructor() {
    // SAFETY of all calls in this class: structs live in buffers that koffi pins for the call (rule a).
    this.fd = createVm(kvmDevice());
    // Only old VT-x hosts need it; others ignore or refuse it, which is no loss.
    ioctlValue(this.fd, Request.setTssAddress, TSS_ADDRESS);
  }

  /** Turns on the log that is read without being cleared (KVM API, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2). */
  enableManualDirtyLog(): void {
    const capability = new DataView(new ArrayBuffer(104));
    capability.setUint32(0, Capability.manualDirtyLogProtect2, true);
    capability.setBigUint64(8, 1n, true);
    const result = ioctlPointer(this.fd, Request.enableCapability, new Uint8Array(capability.buffer));
    if (result !== 0) throw hostError("KVM_ENABLE_CAP(manual dirty log)");
  }

  /** More shadow pages than KVM's default of 2 % of memory: on paravirtual hosts it would throw them away while in use. */
  setShadowPages(count: number): void {
    ioctlValue(this.fd, Request.setNrMmuPages, count);
  }

  /** Guest-physical 0 up to `sizeBytes` is the host memory at `hostAddress`. */
  setMemory(hostAddress: number, sizeBytes: number, logDirty: boolean): void {
    const region = this.#region;
    region.setUint32(4, logDirty ? MEMORY_LOG_DIRTY : 0, true);
    region.setBigUint64(16, BigInt(sizeBytes), true);
    region.setBigUint64(24, BigInt(hostAddress), true);
    // SAFETY: the range is a live MemoryMap; Machine.close closes this VM before it unmaps the memory (rule b).
    const result = ioctlPointer(this.fd, Request.setUserMemoryRegion, new Uint8Array(region.buffer));
    if (result !== 0) throw hostError("KVM_SET_USER_MEMORY_REGION");
  }

  /** One bit per page the guest wrote since the slot was set, into `bitmap` (made by {@link stableBytes}). */
  readDirtyLog(bitmap: Uint8Array<ArrayBuffer>): void {
    if (this.#dirtyBitmap !== bitmap) {
      new DataView(this.#dirtyLog.buffer).setBigUint64(8, addressOf(bitmap), true);
      this.#dirtyBitmap = bitmap;
    }
    // SAFETY: the bitmap is off-heap, has a bit for every page of the slot (rounded up to 64), and lives in `bitmap`.
    if (ioctlPointer(this.fd, Request.getDirtyLog, this.#dirtyLog) !== 0) throw hostError("KVM_GET_DIRTY_LOG");
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** One virtual CPU: its `kvm_run` page and the get/set calls. */
export class KvmVcpu {
  readonly fd: number;
  readonly run: DataView<ArrayBuffer>;
  readonly registers: BigUint64Array<ArrayBuffer>;
  readonly registers32: Uint32Array<ArrayBuffer>;
  readonly run32: Uint32Array<ArrayBuffer>;
  readonly #runAddress: number;

  constructor(vm: KvmVm, registerCount: number) {
    this.fd = ioctlValue(vm.fd, Request.createVcpu, 0);
    if (this.fd < 0) throw hostError("KVM_CREATE_VCPU");
    try {
      const { address, buffer } = mapShared(this.fd, runBytes);
      this.#runAddress = address;
      this.run = new DataView(buffer);
      this.run32 = new Uint32Array(buffer, 0, 128);
      this.registers = new BigUint64Array(buffer, Run.registers, registerCount);
      this.registers32 = new Uint32Array(buffer, Run.registers, 2 * registerCount);
      this.run32[Run.validRegisters >> 2] = SYNC_REGISTERS;
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  /** KVM_RUN: 0 after an exit, else the errno. */
  enter(): number {
    // SAFETY: the guest may touch only its memory slot; registers travel through the run page, which is mapped.
    return ioctlValue(this.fd, Request.run, 0) === 0 ? 0 : lastErrno();
  }

  /** KVM_GET_TSC_KHZ: frequency of the guest's counter, 0 when unknown. */
  counterKhz(): number {
    // SAFETY: takes no argument.
    return Math.max(0, ioctlValue(this.fd, Request.getTscKhz, 0));
  }

  /** A get or set call with a struct of the size its request number encodes. */
  transfer(name: string, request: number, struct: Uint8Array): void {
    // SAFETY: callers pass the struct's full size (the request number's bits 16-29), pinned for the call (rule a).
    if (struct.length < ((request >>> 16) & 0x3fff)) throw new ZtlError("invariant", `${name}: buffer too short`);
    if (ioctlPointer(this.fd, request, struct) < 0) throw hostError(name);
  }

  setMsrs(values: readonly (readonly [index: number, value: bigint])[]): void {
    const table = new DataView(new ArrayBuffer(8 + 16 * values.length));
    table.setUint32(0, values.length, true);
    values.forEach(([index, value], i) => {
      table.setUint32(8 + 16 * i, index, true);
      table.setBigUint64(16 + 16 * i, value, true);
    });
    // SAFETY: the table announces exactly the entries it has (rule a).
    const written = ioctlPointer(this.fd, Request.setMsrs, new Uint8Array(table.buffer));
    if (written !== values.length) throw hostError(`KVM_SET_MSRS (${written} of ${values.length})`);
  }

  setXcr0(xcr0: number): void {
    const table = new DataView(new ArrayBuffer(XCRS_SIZE));
    table.setUint32(0, 1, true);
    table.setUint32(16, xcr0, true);
    this.transfer("KVM_SET_XCRS", Request.setXcrs, new Uint8Array(table.buffer));
  }

  close(): void {
    // SAFETY: KvmCpu drops its views of the run page before it calls this.
    unmap(this.#runAddress, runBytes);
    closeSync(this.fd);
  }
}
