import type { Allowance } from "../allowance.ts";
import { Protocol } from "./abi.ts";
import { type Egress, NoEgress } from "./egress.ts";
import type { Peer } from "./message-queue.ts";
import { GrantedEgress } from "./out/granted-egress.ts";
import type { OutwardLink } from "./out/link.ts";
import { Ports } from "./ports.ts";
import type { Socket } from "./socket.ts";
import { UnixNames } from "./unix-names.ts";

/** What the network needs of the personality it belongs to. */
export interface NetworkHost {
  readonly allowance: Allowance;
  /** Who makes the call that is being answered. */
  readonly peer: Peer;
  random(bytes: Uint8Array): Uint8Array;
  readonly clock: { realtimeNs(): bigint };
  readonly diagnostics: { egress(address: string): void };
}

/** The sockets of one run and their names. Gone with the run. */
export class Network {
  readonly #host: NetworkHost;
  /** Every socket there is, in the order they were made. */
  readonly sockets = new Set<Socket>();
  readonly unixNames = new UnixNames();
  readonly netlinkPorts = new Set<number>();
  /** What went over the loopback interface. */
  readonly traffic = { bytes: 0, packets: 0 };
  readonly tcpPorts: Ports;
  readonly udpPorts: Ports;
  readonly udpLitePorts: Ports;
  readonly egress: Egress;

  /** @param link a way out for this run; without it there is none */
  constructor(host: NetworkHost, link?: OutwardLink) {
    this.#host = host;
    const random = (): number => Buffer.from(host.random(new Uint8Array(2))).readUInt16LE(0);
    this.tcpPorts = new Ports(random);
    this.udpPorts = new Ports(random);
    this.udpLitePorts = new Ports(random);
    const told = (address: string): void => host.diagnostics.egress(address);
    this.egress = link === undefined ? new NoEgress(told) : new GrantedEgress(link, told);
  }

  get allowance(): Allowance {
    return this.#host.allowance;
  }

  /** Something went over the loopback interface. */
  carried(bytes: number): void {
    this.traffic.bytes += bytes;
    this.traffic.packets++;
  }

  /** The ports of a protocol; each has its own. */
  portsOf(protocol: number): Ports {
    if (protocol === Protocol.tcp) return this.tcpPorts;
    return protocol === Protocol.udpLite ? this.udpLitePorts : this.udpPorts;
  }

  get realtimeNs(): bigint {
    return this.#host.clock.realtimeNs();
  }

  get caller(): Peer {
    return this.#host.peer;
  }
}
