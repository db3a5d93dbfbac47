/** Address families (linux/socket.h). */
export const Family = { unspecified: 0, unix: 1, inet: 2, inet6: 10, netlink: 16, packet: 17 } as const;
/** One past the last family (AF_MAX, linux/socket.h). */
export const FAMILIES = 46;

/** Kinds of sockets (linux/net.h). */
export const SocketType = { stream: 1, datagram: 2, raw: 3, sequencedPacket: 5 } as const;
export const SOCKET_TYPE_MASK = 0xf;
/** One past the last kind (SOCK_MAX, linux/net.h). */
export const SOCKET_TYPES = 11;

/** Protocols (linux/in.h). */
export const Protocol = { any: 0, icmp: 1, tcp: 6, udp: 17, icmpv6: 58, udpLite: 136 } as const;
/** One past the last protocol (IPPROTO_MAX, linux/in.h). */
export const PROTOCOLS = 263;

/** Flags of send and recv (linux/socket.h). */
export const Msg = {
  outOfBand: 1,
  peek: 2,
  controlTruncated: 8,
  truncated: 0x20,
  dontWait: 0x40,
  waitAll: 0x100,
  errorQueue: 0x2000,
  noSignal: 0x4000,
  waitForOne: 0x1_0000,
  fastOpen: 0x2000_0000,
  closeOnExec: 0x4000_0000,
} as const;

/** What shutdown(2) ends. */
export const Shut = { read: 0, write: 1, both: 2 } as const;

/** Longest queue of connections nobody accepted yet (net.core.somaxconn, Documentation/admin-guide/sysctl/net.rst). */
export const BACKLOG_MAX = 4096;
/** Longest socket address (struct sockaddr_storage, linux/socket.h). */
export const ADDRESS_BYTES_MAX = 128;
/** The number of the one interface there is. */
export const LOOPBACK_INDEX = 1;
/** What a buffer holds unless told otherwise, and half of what it may be told (net.core.wmem_default and wmem_max, the same page). */
export const BUFFER_BYTES = 212_992;
