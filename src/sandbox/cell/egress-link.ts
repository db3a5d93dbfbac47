import type { HostPattern } from "../../base/host-pattern.ts";
import type { Arrived, OutwardCall, OutwardEvent, OutwardLink } from "../../linux/index.ts";
import type { EgressCall, RunEgress } from "./protocol.ts";

const NO_BYTES = new Uint8Array(0);

/** The guest's connections on the cell's channel. What comes is kept until the personality asks for it, between two system calls. */
export class EgressLink implements OutwardLink {
  readonly hosts: readonly (readonly HostPattern[])[];
  readonly connectionsMax: number;
  readonly #write: Write;
  #arrived: Arrived[] = [];

  constructor({ hosts, connectionsMax }: RunEgress, write: Write) {
    this.hosts = hosts;
    this.connectionsMax = connectionsMax;
    this.#write = write;
  }

  send(call: OutwardCall, bytes: Uint8Array = NO_BYTES): void {
    this.#write({ type: "egress", ...call }, bytes.length === 0 ? [] : [bytes]);
  }

  put(event: OutwardEvent, bytes: Uint8Array): void {
    this.#arrived.push({ event, bytes });
  }

  get isEmpty(): boolean {
    return this.#arrived.length === 0;
  }

  take(): readonly Arrived[] {
    const arrived = this.#arrived;
    if (arrived.length > 0) this.#arrived = [];
    return arrived;
  }
}

type Write = (message: EgressCall, parts: readonly Uint8Array[]) => void;
