import { type ErrnoName, fail } from "../errno.ts";
import { Family } from "./abi.ts";
import type { InetSocket } from "./inet-socket.ts";
import { ANY_V6, type Endpoint, isAny, isV4 } from "./ip-address.ts";
import { Level, So } from "./options.ts";

/** Ports given to who asks for none in particular (net.ipv4.ip_local_port_range, ip-sysctl.rst). */
export const EPHEMERAL_FIRST = 32_768;
export const EPHEMERAL_LAST = 60_999;
const EPHEMERAL = EPHEMERAL_LAST - EPHEMERAL_FIRST + 1;

/** Which addresses' traffic a bound socket could get. */
function hears(socket: InetSocket, { ip }: Endpoint): boolean {
  const { local } = socket;
  if (local === undefined) return false;
  if (!isAny(local.ip)) return local.ip === ip;
  if (local.ip !== ANY_V6) return isV4(ip);
  return !isV4(ip) || !socket.isV6Only;
}

function overlap(a: InetSocket, aAt: Endpoint, b: InetSocket, bAt: Endpoint): boolean {
  if (!isAny(aAt.ip) && !isAny(bAt.ip)) return aAt.ip === bAt.ip;
  const both = (one: InetSocket, at: Endpoint): boolean => at.ip === ANY_V6 && !one.isV6Only;
  return both(a, aAt) || both(b, bAt) || isV4(aAt.ip) === isV4(bAt.ip);
}

/** Who has which port of one protocol. Sockets without one are not in it. */
export class Ports {
  readonly #byPort = new Map<number, Set<InetSocket>>();
  /** Those of them that hear whoever comes: a server's many connections are not among them. */
  readonly #hearing = new Map<number, Set<InetSocket>>();
  readonly #random: () => number;

  /** @param random a number of 16 bits */
  constructor(random: () => number) {
    this.#random = random;
  }

  add(port: number, socket: InetSocket): void {
    put(this.#byPort, port, socket);
  }

  hear(port: number, socket: InetSocket): void {
    put(this.#hearing, port, socket);
  }

  remove(port: number, socket: InetSocket): void {
    for (const map of [this.#byPort, this.#hearing]) {
      const sharers = map.get(port);
      sharers?.delete(socket);
      if (sharers?.size === 0) map.delete(port);
    }
  }

  at(port: number): ReadonlySet<InetSocket> {
    return this.#byPort.get(port) ?? NONE;
  }

  /** A port nobody has, from a place that differs from socket to socket on. */
  ephemeral(otherwise: ErrnoName): number {
    const start = this.#random() % EPHEMERAL;
    for (let i = 0; i < EPHEMERAL; i++) {
      const port = EPHEMERAL_FIRST + ((start + i) % EPHEMERAL);
      if (!this.#byPort.has(port)) return port;
    }
    return fail(otherwise);
  }

  /** Whether someone else's use of the port forbids this one (inet_csk_bind_conflict, udp_lib_lport_inuse). */
  conflicts(socket: InetSocket, at: Endpoint): boolean {
    for (const other of this.at(at.port)) {
      if (other === socket || other.local === undefined || !overlap(socket, at, other, other.local)) continue;
      const bothOn = (name: number): boolean =>
        socket.options.isOn(Level.socket, name) && other.options.isOn(Level.socket, name);
      if (bothOn(So.reuseAddress) && !other.isListening) continue;
      if (bothOn(So.reusePort) && socket.owner.uid === other.owner.uid) continue;
      return true;
    }
    return false;
  }

  /** Who listens there; one of several that share a port is chosen by who asks (SO_REUSEPORT, socket(7)). */
  listener(to: Endpoint, fromPort: number): InetSocket | undefined {
    const listeners = this.hearing(to).filter((one) => one.isListening);
    const sharing = listeners.filter((one) => one.local?.ip === listeners[0].local?.ip);
    return sharing[fromPort % Math.max(sharing.length, 1)];
  }

  /** The sockets that traffic to this endpoint is for, those bound to the very address first. */
  hearing(to: Endpoint): InetSocket[] {
    const found = [...(this.#hearing.get(to.port) ?? NONE)].filter((socket) => hears(socket, to));
    const rank = ({ local, kind }: InetSocket): number =>
      (local !== undefined && !isAny(local.ip) ? 2 : 0) + (isV4(to.ip) === (kind.family === Family.inet) ? 1 : 0);
    return found.sort((a, b) => rank(b) - rank(a));
  }
}

function put(map: Map<number, Set<InetSocket>>, port: number, socket: InetSocket): void {
  const sharers = map.get(port);
  if (sharers === undefined) map.set(port, new Set([socket]));
  else sharers.add(socket);
}

const NONE: ReadonlySet<InetSocket> = new Set();
