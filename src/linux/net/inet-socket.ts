import { fail } from "../errno.ts";
import type { Owner } from "../vfs/index.ts";
import { Family } from "./abi.ts";
import {
  ANY_V4,
  ANY_V6,
  type Endpoint,
  type IpAddress,
  isAny,
  isBroadcast,
  isLocal,
  isMulticast,
  isV4,
  LOOPBACK_V4,
  LOOPBACK_V6,
  readEndpoint,
  writeEndpoint,
} from "./ip-address.ts";
import type { Network } from "./network.ts";
import { Level, type SocketOptions, V6ONLY } from "./options.ts";
import { OUTWARD_SOURCE } from "./out/granted-names.ts";
import type { Ports } from "./ports.ts";
import { Socket, type SocketCaller, type SocketKind } from "./socket.ts";

/** Ports below this are for who administers the machine (net.ipv4.ip_unprivileged_port_start, ip-sysctl.rst). */
const UNPRIVILEGED_FIRST = 1024;
const IP_FREEBIND = 15;

/** A socket of IPv4 or IPv6 (ip(7), ipv6(7)). Its traffic stays on the loopback interface, unless there is a way out. */
export abstract class InetSocket extends Socket {
  readonly ports: Ports;
  /** Where it is bound, with a port; undefined before. */
  local: Endpoint | undefined;
  /** Whom it is connected to. */
  remote: Endpoint | undefined;
  /** What bind(2) fixed, and a connection that ends leaves as it is. */
  #bound: { readonly ip?: IpAddress; readonly hasPort: boolean } = { hasPort: false };

  constructor(network: Network, kind: SocketKind, owner: Owner, flags = 0, options?: SocketOptions) {
    super(network, kind, owner, flags, options);
    this.ports = network.portsOf(kind.protocol);
  }

  get isV6Only(): boolean {
    return this.options.isOn(Level.ipv6, V6ONLY);
  }

  get #isV6(): boolean {
    return this.kind.family === Family.inet6;
  }

  get #any(): IpAddress {
    return this.#isV6 ? ANY_V6 : ANY_V4;
  }

  override bind(address: Buffer, caller: SocketCaller): void {
    const at = this.#readBindAddress(address);
    const mayBind = isAny(at.ip) || isLocal(at.ip) || (isMulticast(at.ip) && !this.isStream);
    if (!mayBind && !this.options.isOn(Level.ip, IP_FREEBIND)) fail("EADDRNOTAVAIL");
    if (at.port !== 0 && at.port < UNPRIVILEGED_FIRST && caller.uid !== 0) fail("EACCES");
    if (this.hasPort || this.isConnecting) fail("EINVAL");
    const port = at.port === 0 ? this.ports.ephemeral("EADDRINUSE") : at.port;
    if (this.ports.conflicts(this, { ip: at.ip, port })) fail("EADDRINUSE");
    this.#bound = { hasPort: at.port !== 0, ...(isAny(at.ip) ? {} : { ip: at.ip }) };
    this.place({ ip: at.ip, port });
  }

  #readBindAddress(address: Buffer): Endpoint {
    const { family } = this.kind;
    const at = readEndpoint(address, family);
    const said = address.readUInt16LE(0);
    // For the sake of old programs (inet_bind, net/ipv4/af_inet.c).
    const isOldAny = family === Family.inet && said === Family.unspecified && isAny(at.ip);
    if (said !== family && !isOldAny) fail("EAFNOSUPPORT");
    if (this.#isV6 && isMulticast(at.ip) && this.isStream) fail("EINVAL");
    if (this.#isV6 && isV4(at.ip) && this.isV6Only) fail("EINVAL");
    return at;
  }

  /** True while it is neither free nor bound: a connection that is being made. */
  abstract readonly isConnecting: boolean;

  /** Takes a place in the table of ports. */
  place(at: Endpoint): void {
    if (this.local !== undefined) this.ports.remove(this.local.port, this);
    this.local = at;
    this.ports.add(at.port, this);
    if (!this.isStream) this.ports.hear(at.port, this);
  }

  /** An address may be kept without one, by a connection that ended. */
  protected get hasPort(): boolean {
    return this.local !== undefined && this.local.port !== 0;
  }

  /** A port of the system's choice, when it has none. */
  protected bindAutomatically(): void {
    if (this.hasPort) return;
    this.place({ ip: this.local?.ip ?? this.#any, port: this.ports.ephemeral("EADDRNOTAVAIL") });
  }

  /** The address that traffic to this one comes from: what was bound, else the loopback interface's own or that of the way out. */
  protected sourceFor(ip: IpAddress): IpAddress {
    if (this.local !== undefined && !isAny(this.local.ip)) return this.local.ip;
    if (!isLocal(ip)) return OUTWARD_SOURCE;
    return isV4(ip) ? LOOPBACK_V4 : LOOPBACK_V6;
  }

  /** Back to what bind(2) fixed. */
  protected unconnect(): void {
    this.remote = undefined;
    const { ip, hasPort } = this.#bound;
    const port = this.local?.port ?? 0;
    this.leave();
    if (hasPort) this.place({ ip: ip ?? this.#any, port });
    else if (ip !== undefined) this.local = { ip, port: 0 };
  }

  protected leave(): void {
    if (this.local !== undefined) this.ports.remove(this.local.port, this);
    this.local = undefined;
  }

  /**
   * Whom an address means: EINVAL, EAFNOSUPPORT, and for who is not on this machine what the way out answers. "Any" means this machine (ip(7), INADDR_ANY).
   */
  protected readDestination(address: Buffer): Endpoint {
    const { family } = this.kind;
    const to = readEndpoint(address, family);
    if (address.readUInt16LE(0) !== family) fail("EAFNOSUPPORT");
    return this.reachable(to);
  }

  protected reachable(to: Endpoint): Endpoint {
    if (isV4(to.ip) && this.isV6Only) fail("ENETUNREACH");
    // An address of the other version, once bound, cannot be left from (__inet6_bind, ip6_datagram_connect).
    if (this.local !== undefined && !isAny(this.local.ip) && isV4(this.local.ip) !== isV4(to.ip))
      fail(isV4(to.ip) ? "EINVAL" : "ENETUNREACH");
    if (isAny(to.ip)) return { ip: isV4(to.ip) ? LOOPBACK_V4 : LOOPBACK_V6, port: to.port };
    if (isLocal(to.ip) && !isBroadcast(to.ip)) return to;
    const refusal = this.network.egress.refusal({ protocol: this.isStream ? "tcp" : "udp", to });
    if (refusal !== undefined) fail(refusal);
    // The loopback interface's addresses do not lead away from it (fib_validate_source, net/ipv4/fib_frontend.c).
    if (this.local !== undefined && isLocal(this.local.ip)) fail("EINVAL");
    return to;
  }

  override localAddress(): Buffer {
    return writeEndpoint(this.local ?? { ip: this.#any, port: 0 }, this.kind.family);
  }

  override peerAddress(): Buffer {
    return this.remote === undefined ? fail("ENOTCONN") : writeEndpoint(this.remote, this.kind.family);
  }

  override peerName(): Buffer {
    return writeEndpoint(this.remote, this.kind.family);
  }

  /** IPV6_V6ONLY is settled once it is bound (ipv6(7)). */
  override writeOption(level: number, name: number, _value: Buffer): boolean {
    if (level === Level.ipv6 && name === V6ONLY && this.#isV6 && this.hasPort) fail("EINVAL");
    return false;
  }

  protected override released(): void {
    this.leave();
  }
}
