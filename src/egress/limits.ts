/** Every bound of the egress gate in one place; each says where its number comes from. */

/** A name without its last dot, and one label of it (RFC 1035, 2.3.4). */
export const NAME_LENGTH_MAX = 253;
export const LABEL_LENGTH_MAX = 63;

/** Grants of one tool: a registry, its mirrors and an API or two are some ten. */
export const GRANTS_MAX = 256;
/** Ports of one grant; whoever needs more grants another host. */
export const GRANT_PORTS_MAX = 64;
/** Address ranges of one grant. */
export const GRANT_ADDRESSES_MAX = 64;
export const PORT_MAX = 65_535;

/** Addresses of a name that are tried: browsers and curl try as many before a user gives up. */
export const ADDRESSES_TRIED_MAX = 4;
/** Addresses of a name that are looked at and recorded: what fits into a DNS answer over UDP (RFC 1035, 4.2.1). */
export const ADDRESSES_MAX = 32;
/** getaddrinfo(3) with its defaults gives up after two servers, twice, of five seconds each. */
export const RESOLVE_MS_MAX = 20_000;
/** How long one address is tried: a host that is there answers its third SYN within 7 seconds (RFC 6298, 2.1 and 5.5). */
export const CONNECT_MS_MAX = 10_000;

/** How long the other side may go on after whoever asked is gone (tcp_fin_timeout, tcp(7)). */
export const ORPHAN_MS_MAX = 60_000;

/** What a run may have unless its owner says otherwise. `npm install` opens some fifteen connections at once. */
export const DEFAULT_QUOTAS = {
  /** Connections at once. */
  liveConnections: 64,
  /** Connections of the whole run, refused ones included; each leaves a record. */
  connections: 1024,
  /** Bytes that leave, over all connections: a large upload. */
  bytesOut: 1024 * 1024 * 1024,
  /** Bytes that come in, likewise. */
  bytesIn: 4 * 1024 * 1024 * 1024,
} as const;
/** Most that an owner may allow: each live connection holds descriptors of this process, and two windows of memory. */
export const LIVE_CONNECTIONS_MAX = 512;
export const CONNECTIONS_MAX = 100_000;
/** Names looked up at once: half of the threads that a Node process has for that (UV_THREADPOOL_SIZE). */
export const LOOK_UPS_AT_ONCE_MAX = 2;
