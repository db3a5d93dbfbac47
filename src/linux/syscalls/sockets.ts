import { BLOCKED } from "../blocked.ts";
import { fail } from "../errno.ts";
import { Open } from "../files/open-file.ts";
import { FAMILIES, Family, PROTOCOLS, Protocol, Shut, SOCKET_TYPE_MASK, SOCKET_TYPES, SocketType } from "../net/abi.ts";
import { NetlinkSocket } from "../net/netlink-socket.ts";
import type { Socket } from "../net/socket.ts";
import { TcpSocket } from "../net/tcp-socket.ts";
import { UdpSocket } from "../net/udp-socket.ts";
import { UnixConnection } from "../net/unix-connection.ts";
import { UnixDatagram } from "../net/unix-datagram.ts";
import type { Call, SyscallTable } from "./call.ts";
import { installPair } from "./descriptors.ts";
import { callerOf, readAddress, socketOf, writeAddress } from "./socket-addresses.ts";
import { messageCalls } from "./socket-calls.ts";
import { begin, type Progress, waitOn } from "./socket-messages.ts";
import { optionCalls } from "./socket-options.ts";

/** Flags that come with the kind of socket (linux/net.h). */
const TYPE_FLAGS = Open.closeOnExec | Open.nonBlock;

interface Wanted {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  readonly flags: number;
}

/** The arguments of socket(2) and socketpair(2): EINVAL, EAFNOSUPPORT. */
function readWanted(call: Call): Wanted {
  const [family, typeAndFlags, protocol] = [call.int(0), call.int(1), call.int(2)];
  const flags = typeAndFlags & ~SOCKET_TYPE_MASK;
  const type = typeAndFlags & SOCKET_TYPE_MASK;
  if ((flags & ~TYPE_FLAGS) !== 0) fail("EINVAL");
  if (family < 0 || family >= FAMILIES) fail("EAFNOSUPPORT");
  if (type >= SOCKET_TYPES) fail("EINVAL");
  return { family, type, protocol, flags };
}

function socket(call: Call): number {
  const wanted = readWanted(call);
  const file = make(call, wanted);
  return call.process.files.install(file, (wanted.flags & Open.closeOnExec) !== 0);
}

function make(call: Call, { family, type, protocol, flags }: Wanted): Socket {
  switch (family) {
    case Family.unix:
      return makeUnix(call, unixType(type, protocol), flags);
    case Family.inet:
    case Family.inet6:
      return makeInet(call, { family, type, protocol, flags });
    case Family.netlink:
      if (type !== SocketType.raw && type !== SocketType.datagram) fail("ESOCKTNOSUPPORT");
      // Of all that can be asked, only the network's addresses and routes are there (NETLINK_ROUTE).
      if (protocol !== 0) fail("EPROTONOSUPPORT");
      return new NetlinkSocket(call.kernel.network, type, call.process.credentials, flags);
    case Family.packet:
      // Whole packets are for who administers the network (packet(7)).
      return fail("EPERM");
    default:
      return fail("EAFNOSUPPORT");
  }
}

/** A raw Unix socket counts as a datagram (unix(7)): EPROTONOSUPPORT, ESOCKTNOSUPPORT. */
function unixType(type: number, protocol: number): number {
  if (protocol !== 0 && protocol !== Family.unix) fail("EPROTONOSUPPORT");
  if (type === SocketType.raw) return SocketType.datagram;
  const isKnown = type === SocketType.stream || type === SocketType.datagram || type === SocketType.sequencedPacket;
  return isKnown ? type : fail("ESOCKTNOSUPPORT");
}

function makeUnix(call: Call, type: number, flags: number): Socket {
  const { credentials } = call.process;
  return type === SocketType.datagram
    ? new UnixDatagram(call.kernel.network, type, credentials, flags)
    : new UnixConnection(call.kernel.network, type, credentials, flags);
}

/** The protocol decides together with the kind (inet_create, net/ipv4/af_inet.c). */
function makeInet(call: Call, { family, type, protocol, flags }: Wanted): Socket {
  if (protocol < 0 || protocol >= PROTOCOLS) fail("EINVAL");
  const { credentials } = call.process;
  const { network } = call.kernel;
  switch (type) {
    case SocketType.stream:
      if (protocol !== Protocol.any && protocol !== Protocol.tcp) fail("EPROTONOSUPPORT");
      return new TcpSocket(network, family, credentials, flags);
    case SocketType.datagram:
      // Who may send echo requests is a list of groups, which is empty (icmp(7), ping_group_range).
      if (protocol === Protocol.icmp || protocol === Protocol.icmpv6) fail("EACCES");
      if (protocol === Protocol.any) return new UdpSocket(network, family, Protocol.udp, credentials, flags);
      if (protocol !== Protocol.udp && protocol !== Protocol.udpLite) fail("EPROTONOSUPPORT");
      return new UdpSocket(network, family, protocol, credentials, flags);
    case SocketType.raw:
      // For who administers the network (raw(7)).
      return fail(protocol === Protocol.any ? "EPROTONOSUPPORT" : "EPERM");
    default:
      return fail("ESOCKTNOSUPPORT");
  }
}

function socketpair(call: Call): number {
  const { family, type, protocol, flags } = readWanted(call);
  if (family === Family.inet || family === Family.inet6) {
    if (protocol < 0 || protocol >= PROTOCOLS) fail("EINVAL");
    fail("EOPNOTSUPP");
  }
  if (family !== Family.unix) fail("EAFNOSUPPORT");
  const kind = unixType(type, protocol);
  const { network } = call.kernel;
  const pair =
    kind === SocketType.datagram
      ? UnixDatagram.pair(network, callerOf(call), flags)
      : UnixConnection.pair(network, kind, callerOf(call), flags);
  return installPair(call, pair, (flags & Open.closeOnExec) !== 0, call.unsigned(3));
}

function bind(call: Call): number {
  const file = socketOf(call);
  file.bind(readAddress(call, call.unsigned(1), call.int(2)), callerOf(call));
  return 0;
}

function connect(call: Call): number {
  const file = socketOf(call);
  const address = readAddress(call, call.unsigned(1), call.int(2));
  const progress = call.remember<Progress>(() => begin(call, file.options.sendTimeoutMs));
  const result = file.connect(address, callerOf(call), !file.nonBlocking);
  if (result !== BLOCKED) return result;
  const late = file.kind.family === Family.unix ? "EAGAIN" : "EINPROGRESS";
  return waitOn(call, progress, !file.nonBlocking, () => file.connectSettled, late);
}

function accept(call: Call, flags: number): number {
  if ((flags & ~TYPE_FLAGS) !== 0) fail("EINVAL");
  const file = socketOf(call);
  const { files } = call.process;
  const progress = call.remember<Progress>(() => begin(call, file.options.receiveTimeoutMs));
  // Asked first, as on Linux: a call that has no descriptor to give takes no connection.
  files.lowestFree();
  const accepted = file.accept();
  if (accepted === undefined) return waitOn(call, progress, !file.nonBlocking, () => file.acceptSettled);
  if ((flags & Open.nonBlock) !== 0) accepted.flags |= Open.nonBlock;
  const descriptor = files.install(accepted, (flags & Open.closeOnExec) !== 0);
  if (call.unsigned(1) === 0) return descriptor;
  try {
    writeAddress(call, accepted.peerName(), call.unsigned(1), call.unsigned(2));
  } catch (error) {
    files.close(descriptor);
    throw error;
  }
  return descriptor;
}

function shutdown(call: Call): number {
  const file = socketOf(call);
  const how = call.int(1);
  if (how < Shut.read || how > Shut.both) fail("EINVAL");
  file.shutdown(how);
  return 0;
}

/** Sockets within the machine: those of Unix, and the internet's as far as the loopback interface reaches. */
export const socketCalls: SyscallTable = {
  ...messageCalls,
  ...optionCalls,
  socket,
  socketpair,
  bind,
  connect,
  listen(call) {
    socketOf(call).listen(call.int(1), callerOf(call));
    return 0;
  },
  accept: (call) => accept(call, 0),
  accept4: (call) => accept(call, call.int(3)),
  shutdown,
  getsockname(call) {
    writeAddress(call, socketOf(call).localAddress(), call.unsigned(1), call.unsigned(2));
    return 0;
  },
  getpeername(call) {
    writeAddress(call, socketOf(call).peerAddress(), call.unsigned(1), call.unsigned(2));
    return 0;
  },
};
