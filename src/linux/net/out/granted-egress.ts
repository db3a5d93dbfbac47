import { invariant } from "../../../errors.ts";
import type { ErrnoName } from "../../errno.ts";
import type { Destination, Egress } from "../egress.ts";
import { describeEndpoint, type Endpoint } from "../ip-address.ts";
import type { TcpSocket } from "../tcp-socket.ts";
import { Bridge } from "./bridge.ts";
import { answerQuery, type Looked } from "./dns.ts";
import { GrantedNames, RESOLVER, RESOLVER_PORT } from "./granted-names.ts";
import type { OutwardLink } from "./link.ts";

/** Where an address of IPv4 stands in one of 16 bytes, as hexadecimal digits. */
const V4_DIGITS = 24;

/**
 * A way out to granted names. A program learns the address of a name from the machine's own resolver, and only such an address
 * leads out: to that name, which the host process looks up and connects to if it is granted. Everything else has no route.
 */
export class GrantedEgress implements Egress {
  readonly #link: OutwardLink;
  readonly #told: (address: string) => void;
  readonly #names: GrantedNames;
  readonly #bridges = new Map<number, Bridge>();
  #opened = 0;

  constructor(link: OutwardLink, told: (address: string) => void) {
    this.#link = link;
    this.#told = told;
    this.#names = new GrantedNames(link.hosts);
  }

  refusal({ protocol, to }: Destination): ErrnoName | undefined {
    const isReachable =
      protocol === "udp"
        ? to.ip === RESOLVER && to.port === RESOLVER_PORT
        : this.#names.nameAt(to.ip) !== undefined && to.port !== 0 && this.#opened < this.#link.connectionsMax;
    if (isReachable) return undefined;
    this.#told(describeEndpoint(to));
    return "ENETUNREACH";
  }

  nobody({ to }: Destination): void {
    this.#told(describeEndpoint(to));
  }

  connect(client: TcpSocket, to: Endpoint): void {
    const host = this.#names.nameAt(to.ip);
    invariant(host !== undefined, "a connection goes where there was no refusal");
    // An earlier attempt of the same socket was given up.
    for (const bridge of this.#bridges.values()) if (bridge.client === client) bridge.abandon();
    const id = ++this.#opened;
    this.#bridges.set(id, new Bridge(id, client, this.#link));
    this.#link.send({ op: "open", id, host, port: to.port });
  }

  answer(datagram: Uint8Array): Uint8Array | undefined {
    return answerQuery(datagram, (name) => this.#look(name));
  }

  exchange(): boolean {
    const arrived = this.#link.take();
    for (const one of arrived) this.#bridges.get(one.event.id)?.take(one);
    for (const bridge of this.#bridges.values()) {
      bridge.pump();
      if (bridge.isOver) this.#bridges.delete(bridge.id);
    }
    return arrived.length > 0;
  }

  get isSending(): boolean {
    return [...this.#bridges.values()].some((bridge) => bridge.isSending);
  }

  #look(name: string): Looked {
    const found = this.#names.addressOf(name);
    if (found === "unknown") this.#told(`${name.slice(0, TOLD_NAME_MAX)}:${RESOLVER_PORT}`);
    return found === "unknown" || found === "full" ? found : Buffer.from(found.slice(V4_DIGITS), "hex");
  }
}

/** As much of a name that was asked for and is not granted as is told; the rest of its place is for the port. */
const TOLD_NAME_MAX = 74;
