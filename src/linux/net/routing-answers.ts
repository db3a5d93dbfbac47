import { byteStringOf } from "../../base/byte-string.ts";
import { Errno, type ErrnoName } from "../errno.ts";
import { Family } from "./abi.ts";
import { ADDRESSES, addressBytes, type InterfaceAddress, LOOPBACK } from "./interface.ts";
import { isLocal, isV4 } from "./ip-address.ts";
import {
  attribute,
  findAttribute,
  KIND_GET,
  KIND_MASK,
  message,
  type NetlinkRequest,
  NL_HEADER_BYTES,
  Nl,
  NlFlag,
  u32,
} from "./netlink-message.ts";

/** Attributes of links, addresses and routes (linux/if_link.h, linux/if_addr.h, linux/rtnetlink.h). */
const Ifla = {
  address: 1,
  broadcast: 2,
  name: 3,
  mtu: 4,
  discipline: 6,
  queueLength: 13,
  state: 16,
  mode: 17,
  carrier: 33,
};
const Ifa = { address: 1, local: 2, label: 3, lifetime: 6, flags: 8 } as const;
const Rta = { destination: 1, outgoing: 4, source: 7, table: 15 } as const;
/** IFA_F_PERMANENT, RT_SCOPE_HOST, RT_TABLE_LOCAL, RTPROT_KERNEL, RTN_LOCAL (linux/if_addr.h, linux/rtnetlink.h). */
const PERMANENT = 0x80;
const SCOPE_HOST = 254;
const TABLE_LOCAL = 255;
const BY_KERNEL = 2;
const TYPE_LOCAL = 2;
/** struct ifinfomsg, struct rtmsg. */
const LINK_BYTES = 16;
const ROUTE_BYTES = 12;

const text = (name: string): Buffer => Buffer.from(`${name}\0`);
const familyOf = ({ ip }: InterfaceAddress): number => (isV4(ip) ? Family.inet : Family.inet6);

function linkParts(): Buffer[] {
  const head = Buffer.alloc(LINK_BYTES);
  head.writeUInt16LE(LOOPBACK.hardwareType, 2);
  head.writeInt32LE(LOOPBACK.index, 4);
  head.writeUInt32LE(LOOPBACK.flags, 8);
  const noAddress = Buffer.alloc(LOOPBACK.hardwareAddressBytes);
  return [
    head,
    attribute(Ifla.name, text(LOOPBACK.name)),
    attribute(Ifla.queueLength, u32(LOOPBACK.queueLength)),
    attribute(Ifla.state, Buffer.from([0])),
    attribute(Ifla.mode, Buffer.from([0])),
    attribute(Ifla.mtu, u32(LOOPBACK.mtu)),
    attribute(Ifla.carrier, Buffer.from([1])),
    attribute(Ifla.discipline, text("noqueue")),
    attribute(Ifla.address, noAddress),
    attribute(Ifla.broadcast, noAddress),
  ];
}

function addressParts(address: InterfaceAddress): Buffer[] {
  const family = familyOf(address);
  const bytes = addressBytes(address.ip);
  const isOld = family === Family.inet;
  return [
    Buffer.concat([Buffer.from([family, address.prefixBits, PERMANENT, SCOPE_HOST]), u32(LOOPBACK.index)]),
    attribute(Ifa.address, bytes),
    ...(isOld ? [attribute(Ifa.local, bytes), attribute(Ifa.label, text(LOOPBACK.name))] : []),
    // Valid and preferred for ever; made and changed at the start.
    attribute(Ifa.lifetime, Buffer.concat([u32(-1), u32(-1), u32(0), u32(0)])),
    attribute(Ifa.flags, u32(PERMANENT)),
  ];
}

/** The way to what the interface itself has. */
function routeParts(address: InterfaceAddress, destination: Buffer, bits: number): Buffer[] {
  const head = Buffer.alloc(ROUTE_BYTES);
  head.set([familyOf(address), bits, 0, 0, TABLE_LOCAL, BY_KERNEL, SCOPE_HOST, TYPE_LOCAL]);
  return [
    head,
    attribute(Rta.table, u32(TABLE_LOCAL)),
    attribute(Rta.destination, destination),
    attribute(Rta.source, addressBytes(address.ip)),
    attribute(Rta.outgoing, u32(LOOPBACK.index)),
  ];
}

function networkOf({ ip, prefixBits }: InterfaceAddress): Buffer {
  const bytes = Buffer.from(addressBytes(ip));
  return Buffer.from(bytes.map((byte, i) => (8 * i < prefixBits ? byte : 0)));
}

/** Messages of one kind, each by its parts. */
interface Answers {
  readonly type: number;
  readonly all: readonly (readonly Buffer[])[];
}

function dump({ type, payload }: NetlinkRequest): Answers | ErrnoName {
  const family = payload.length > 0 ? payload[0] : Family.unspecified;
  const wanted = ADDRESSES.filter((address) => family === Family.unspecified || familyOf(address) === family);
  switch (type) {
    case Nl.getLink:
      return { type: Nl.newLink, all: [linkParts()] };
    case Nl.getAddress:
      return { type: Nl.newAddress, all: wanted.map(addressParts) };
    case Nl.getRoute:
      return { type: Nl.newRoute, all: wanted.map((one) => routeParts(one, networkOf(one), one.prefixBits)) };
    case Nl.getNeighbour:
      return { type, all: [] };
    default:
      return "EOPNOTSUPP";
  }
}

function single(request: NetlinkRequest): Answers | ErrnoName {
  switch (request.type) {
    case Nl.getLink:
      return oneLink(request);
    case Nl.getRoute:
      return oneRoute(request);
    default:
      return "EOPNOTSUPP";
  }
}

function oneLink({ payload }: NetlinkRequest): Answers | ErrnoName {
  if (payload.length < LINK_BYTES) return "EINVAL";
  const index = payload.readInt32LE(4);
  const name = findAttribute(payload, LINK_BYTES, Ifla.name);
  if (index === 0 && name === undefined) return "EINVAL";
  const isMeant = index > 0 ? index === LOOPBACK.index : byteStringOf(name ?? Buffer.alloc(0)) === `${LOOPBACK.name}\0`;
  return isMeant ? { type: Nl.newLink, all: [linkParts()] } : "ENODEV";
}

/** Which way to an address. */
function oneRoute({ payload }: NetlinkRequest): Answers | ErrnoName {
  if (payload.length < ROUTE_BYTES) return "EINVAL";
  const family = payload[0];
  const destination = findAttribute(payload, ROUTE_BYTES, Rta.destination);
  const isOld = family === Family.inet;
  if (!isOld && family !== Family.inet6) return "EOPNOTSUPP";
  if (destination === undefined || destination.length !== (isOld ? 4 : 16)) return "EINVAL";
  const address = ADDRESSES.find((one) => familyOf(one) === family);
  const ip = (isOld ? "00000000000000000000ffff" : "") + destination.toString("hex");
  if (address === undefined || !isLocal(ip)) return "ENETUNREACH";
  return { type: Nl.newRoute, all: [routeParts(address, destination, isOld ? 32 : 128)] };
}

/** A refusal, or with 0 an acknowledgement: what was asked for comes back with it (netlink(7), NLMSG_ERROR). */
function acknowledgement(request: NetlinkRequest, port: number, error: ErrnoName | undefined): Buffer {
  const repeated = error === undefined ? request.bytes.subarray(0, NL_HEADER_BYTES) : request.bytes;
  return message(Nl.error, 0, request, port, [u32(error === undefined ? 0 : -Errno[error]), repeated]);
}

/** What the kernel answers a routing request with, message by message (rtnetlink(7)). */
export function* answer(request: NetlinkRequest, port: number): Generator<Buffer> {
  if ((request.flags & NlFlag.request) === 0) return;
  if (request.type < Nl.firstFamily) {
    if ((request.flags & NlFlag.acknowledge) !== 0) yield acknowledgement(request, port, undefined);
    return;
  }
  const isDump = (request.flags & NlFlag.dump) === NlFlag.dump;
  // Nobody changes the interface: that is for who administers the network.
  const isGet = (request.type & KIND_MASK) === KIND_GET;
  const answers = !isGet ? "EPERM" : isDump ? dump(request) : single(request);
  if (typeof answers === "string") {
    yield acknowledgement(request, port, answers);
    return;
  }
  const flags = isDump ? NlFlag.multi : 0;
  const all = answers.all.map((parts) => message(answers.type, flags, request, port, parts));
  if (all.length > 0) yield Buffer.concat(all);
  if (isDump) yield message(Nl.done, NlFlag.multi, request, port, [u32(0)]);
  else if ((request.flags & NlFlag.acknowledge) !== 0) yield acknowledgement(request, port, undefined);
}
