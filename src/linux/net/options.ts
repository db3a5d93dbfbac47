import { type ErrnoName, fail } from "../errno.ts";
import { BUFFER_BYTES, Family, SocketType } from "./abi.ts";
import type { SocketKind } from "./socket.ts";

/** Levels of options (linux/socket.h, linux/in.h). */
export const Level = { ip: 0, socket: 1, tcp: 6, udp: 17, ipv6: 41, udpLite: 136, netlink: 270 } as const;

/** Options at the level of every socket (asm-generic/socket.h). */
export const So = {
  debug: 1,
  reuseAddress: 2,
  urgentInline: 10,
  type: 3,
  error: 4,
  sendBuffer: 7,
  receiveBuffer: 8,
  linger: 13,
  bsdCompatible: 14,
  reusePort: 15,
  passCredentials: 16,
  peerCredentials: 17,
  sendLowWater: 19,
  receiveTimeout: 20,
  sendTimeout: 21,
  bindToDevice: 25,
  acceptsConnections: 30,
  protocol: 38,
  domain: 39,
  receiveTimeoutNew: 66,
  sendTimeoutNew: 67,
} as const;

export const V6ONLY = 26;
const INT_MAX = 0x7fff_ffff;

/** A number that is kept as it was set: what it is at first, and what becomes of a wish (a failure, or what is kept). */
interface Setting {
  readonly initial: number;
  readonly take: (wanted: number) => number;
}

const flag = (initial = 0): Setting => ({ initial, take: (wanted) => (wanted === 0 ? 0 : 1) });

function within(initial: number, least: number, most: number, refusal: ErrnoName = "EINVAL"): Setting {
  return { initial, take: (wanted) => (wanted >= least && wanted <= most ? wanted : fail(refusal)) };
}

/** A byte where -1 stands for what the system would take. */
const byteOr = (automatic: number, least: number): Setting => ({
  initial: automatic,
  take: (wanted) => (wanted === -1 ? automatic : wanted >= least && wanted <= 255 ? wanted : fail("EINVAL")),
});

/** At most half of what is allowed, doubled for what the bookkeeping takes (socket(7), SO_RCVBUF). */
const buffer = (least: number): Setting => ({
  initial: BUFFER_BYTES,
  take: (wanted) => Math.max(2 * Math.min(wanted >>> 0, BUFFER_BYTES), least),
});

/** SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF (net/sock.h). */
const SEND_BUFFER_MIN = 4608;
const RECEIVE_BUFFER_MIN = 2304;

/** How much of a datagram a checksum covers: at least its header, or with 0 everything (udplite(7)). */
const coverage: Setting = {
  initial: 0,
  take: (wanted) => (wanted === 0 ? 0 : wanted < 8 ? 8 : Math.min(wanted, 65_535)),
};

/** Options that are numbers, by level and name: socket(7), ip(7), ipv6(7), tcp(7), udp(7) and the headers they name. */
const SETTINGS: Readonly<Record<number, Readonly<Record<number, Setting>>>> = {
  [Level.socket]: {
    [So.reuseAddress]: flag(),
    5: flag(), // SO_DONTROUTE
    6: flag(), // SO_BROADCAST
    [So.sendBuffer]: buffer(SEND_BUFFER_MIN),
    [So.receiveBuffer]: buffer(RECEIVE_BUFFER_MIN),
    9: flag(), // SO_KEEPALIVE
    [So.urgentInline]: flag(),
    11: flag(), // SO_NO_CHECK
    12: within(0, 0, 6, "EPERM"), // SO_PRIORITY
    [So.reusePort]: flag(),
    18: { initial: 1, take: (wanted) => (wanted < 0 ? INT_MAX : Math.max(wanted, 1)) }, // SO_RCVLOWAT
    29: flag(), // SO_TIMESTAMP
    35: flag(), // SO_TIMESTAMPNS
  },
  [Level.ip]: {
    1: { initial: 0, take: (wanted) => wanted & 0xff }, // IP_TOS
    2: byteOr(64, 1), // IP_TTL
    8: flag(), // IP_PKTINFO
    10: within(1, 0, 5), // IP_MTU_DISCOVER
    11: flag(), // IP_RECVERR
    12: flag(), // IP_RECVTTL
    13: flag(), // IP_RECVTOS
    15: flag(), // IP_FREEBIND
    24: flag(), // IP_BIND_ADDRESS_NO_PORT
    33: byteOr(1, 0), // IP_MULTICAST_TTL
    34: flag(1), // IP_MULTICAST_LOOP
    49: flag(1), // IP_MULTICAST_ALL
  },
  [Level.tcp]: {
    1: flag(), // TCP_NODELAY
    3: flag(), // TCP_CORK
    4: within(7200, 1, 32_767), // TCP_KEEPIDLE
    5: within(75, 1, 32_767), // TCP_KEEPINTVL
    6: within(9, 1, 127), // TCP_KEEPCNT
    7: within(6, 1, 127), // TCP_SYNCNT
    9: within(0, 0, INT_MAX), // TCP_DEFER_ACCEPT
    12: flag(1), // TCP_QUICKACK
    18: within(0, 0, INT_MAX), // TCP_USER_TIMEOUT
    25: { initial: 0, take: (wanted) => wanted }, // TCP_NOTSENT_LOWAT
  },
  [Level.ipv6]: {
    16: byteOr(64, 0), // IPV6_UNICAST_HOPS
    18: byteOr(1, 0), // IPV6_MULTICAST_HOPS
    19: within(1, 0, 1), // IPV6_MULTICAST_LOOP
    23: within(1, 0, 5), // IPV6_MTU_DISCOVER
    25: flag(), // IPV6_RECVERR
    [V6ONLY]: flag(),
    49: flag(), // IPV6_RECVPKTINFO
    51: flag(), // IPV6_RECVHOPLIMIT
    66: flag(), // IPV6_RECVTCLASS
    67: byteOr(0, 0), // IPV6_TCLASS
  },
  [Level.udpLite]: {
    10: coverage, // UDPLITE_SEND_CSCOV
    11: coverage, // UDPLITE_RECV_CSCOV
  },
  [Level.netlink]: {
    3: flag(), // NETLINK_PKTINFO
    4: flag(), // NETLINK_BROADCAST_ERROR
    5: flag(), // NETLINK_NO_ENOBUFS
    10: flag(), // NETLINK_CAP_ACK
    11: flag(), // NETLINK_EXT_ACK
    12: flag(), // NETLINK_GET_STRICT_CHK
  },
};

/** Which levels a socket knows beside that of all sockets. */
function knows(level: number, { family, type, protocol }: SocketKind): boolean {
  if (level === Level.socket) return true;
  if (family === Family.netlink) return level === Level.netlink;
  if (family !== Family.inet && family !== Family.inet6) return false;
  if (level === Level.ip) return true;
  if (level === Level.ipv6) return family === Family.inet6;
  return level === protocol || (level === Level.tcp && type === SocketType.stream);
}

/** A stream over IP begins with other buffers than the rest (net.ipv4.tcp_wmem and tcp_rmem, ip-sysctl.rst). */
const TCP_SEND_BUFFER_BYTES = 16_384;
const TCP_RECEIVE_BUFFER_BYTES = 131_072;

export interface Linger {
  readonly isOn: boolean;
  readonly seconds: number;
}

/** What setsockopt(2) was told for one socket. */
export class SocketOptions {
  readonly #kind: SocketKind;
  readonly #values = new Map<Setting, number>();
  linger: Linger = { isOn: false, seconds: 0 };
  /** Longest wait of a receive or an accept, and of a send or a connect (SO_RCVTIMEO, SO_SNDTIMEO). */
  receiveTimeoutMs = Number.POSITIVE_INFINITY;
  sendTimeoutMs = Number.POSITIVE_INFINITY;
  /** Tells who sent each message (SO_PASSCRED). */
  passesCredentials = false;

  constructor(kind: SocketKind) {
    this.#kind = kind;
  }

  /** What an accepted connection has from the socket that listened. */
  inherited(): SocketOptions {
    const options = new SocketOptions(this.#kind);
    for (const [setting, value] of this.#values) options.#values.set(setting, value);
    options.linger = this.linger;
    options.receiveTimeoutMs = this.receiveTimeoutMs;
    options.sendTimeoutMs = this.sendTimeoutMs;
    return options;
  }

  /** A number, or undefined for a name that is none. */
  get(level: number, name: number): number | undefined {
    const setting = this.#setting(level, name);
    return setting === undefined ? undefined : (this.#values.get(setting) ?? this.#initial(level, name, setting));
  }

  /** False for a name that is no number; EINVAL and EPERM for numbers that are refused. */
  set(level: number, name: number, wanted: number): boolean {
    const setting = this.#setting(level, name);
    if (setting === undefined) return false;
    this.#values.set(setting, setting.take(wanted));
    return true;
  }

  #setting(level: number, name: number): Setting | undefined {
    return knows(level, this.#kind) ? SETTINGS[level]?.[name] : undefined;
  }

  #initial(level: number, name: number, { initial }: Setting): number {
    const { family, type } = this.#kind;
    const isTcp = type === SocketType.stream && (family === Family.inet || family === Family.inet6);
    if (!isTcp || level !== Level.socket) return initial;
    if (name === So.sendBuffer) return TCP_SEND_BUFFER_BYTES;
    return name === So.receiveBuffer ? TCP_RECEIVE_BUFFER_BYTES : initial;
  }

  /** What a name is answered with that is none: what is asked of a level unknown differs from family to family. */
  refusal(level: number, isSet: boolean): ErrnoName {
    const { family } = this.#kind;
    if (knows(level, this.#kind)) return "ENOPROTOOPT";
    return family === Family.unix || (family === Family.inet && !isSet) ? "EOPNOTSUPP" : "ENOPROTOOPT";
  }

  /** Whether it was ever set. */
  isSet(level: number, name: number): boolean {
    const setting = this.#setting(level, name);
    return setting !== undefined && this.#values.has(setting);
  }

  isOn(level: number, name: number): boolean {
    return this.get(level, name) === 1;
  }

  /** How much a sender may have on its way. */
  get sendBufferBytes(): number {
    return this.get(Level.socket, So.sendBuffer) ?? BUFFER_BYTES;
  }

  get receiveBufferBytes(): number {
    return this.get(Level.socket, So.receiveBuffer) ?? BUFFER_BYTES;
  }
}
