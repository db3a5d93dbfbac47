import type { KvmVcpu } from "./host/kvm.ts";
import { Events, Request } from "./host/kvm-abi.ts";
import { stableBytes } from "./host/libc.ts";

/** Exceptions KVM may hold that the guest has not seen yet (KVM API, KVM_GET_VCPU_EVENTS). */
export class HeldExceptions {
  readonly #vcpu: KvmVcpu;
  readonly #events = stableBytes(Events.size);
  /**
   * KVM was left at an odd place: it may hold one. An interruption is such a place, for KVM does not tell of the exceptions
   * that an instruction asks for (`int3`, `into`); whatever runs next would get it.
   */
  possible = false;

  constructor(vcpu: KvmVcpu) {
    this.#vcpu = vcpu;
  }

  /** True while one is on its way to the guest: stopping there could lose it. */
  onTheirWay(): boolean {
    this.#vcpu.transfer("KVM_GET_VCPU_EVENTS", Request.getVcpuEvents, this.#events);
    return this.#events[Events.exceptionInjected] !== 0 || this.#events[Events.exceptionPending] !== 0;
  }

  /** Drops them. Setting registers drops a pending one, but not one KVM has begun to inject. */
  cancel(): void {
    if (!this.possible) return;
    this.#events.fill(0);
    this.#vcpu.transfer("KVM_SET_VCPU_EVENTS", Request.setVcpuEvents, this.#events);
    this.possible = false;
  }
}
