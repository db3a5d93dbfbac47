/** Message types (linux/netlink.h, linux/rtnetlink.h). */
export const Nl = {
  noop: 1,
  error: 2,
  done: 3,
  firstFamily: 16,
  newLink: 16,
  getLink: 18,
  newAddress: 20,
  getAddress: 22,
  newRoute: 24,
  getRoute: 26,
  getNeighbour: 30,
} as const;
/** Flags of requests and of answers (linux/netlink.h). */
export const NlFlag = { request: 1, multi: 2, acknowledge: 4, dump: 0x300 } as const;
/** Kinds of requests: making, deleting, asking, setting (linux/rtnetlink.h). */
export const KIND_MASK = 3;
export const KIND_GET = 2;

/** struct nlmsghdr: length, type, flags, sequence, port. */
export const NL_HEADER_BYTES = 16;
/** struct rtattr: length, type. */
const ATTRIBUTE_HEADER_BYTES = 4;

const aligned = (bytes: number): number => Math.ceil(bytes / 4) * 4;

export interface NetlinkRequest {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Buffer;
  /** The whole of it, which a refusal repeats. */
  readonly bytes: Buffer;
}

/** The messages of one send; what is no whole message ends them, as in netlink_rcv_skb (net/netlink/af_netlink.c). */
export function* readRequests(bytes: Buffer): Generator<NetlinkRequest> {
  for (let at = 0; at + NL_HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < NL_HEADER_BYTES || at + length > bytes.length) return;
    yield {
      type: bytes.readUInt16LE(at + 4),
      flags: bytes.readUInt16LE(at + 6),
      sequence: bytes.readUInt32LE(at + 8),
      payload: bytes.subarray(at + NL_HEADER_BYTES, at + length),
      bytes: bytes.subarray(at, at + length),
    };
    at += aligned(length);
  }
}

/** An attribute, with what fills it up to the next. */
export function attribute(type: number, data: Uint8Array): Buffer {
  const length = ATTRIBUTE_HEADER_BYTES + data.length;
  const bytes = Buffer.alloc(aligned(length));
  bytes.writeUInt16LE(length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(data, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

/** The attribute of a type among those behind a request's fixed part. */
export function findAttribute(payload: Buffer, start: number, type: number): Buffer | undefined {
  for (let at = start; at + ATTRIBUTE_HEADER_BYTES <= payload.length; ) {
    const length = payload.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > payload.length) return undefined;
    // The two highest bits say how it is to be read (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
    if ((payload.readUInt16LE(at + 2) & 0x3fff) === type)
      return payload.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length);
    at += aligned(length);
  }
  return undefined;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0, 0);
  return bytes;
}

export function message(
  type: number,
  flags: number,
  { sequence }: Pick<NetlinkRequest, "sequence">,
  port: number,
  parts: readonly Uint8Array[],
): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(NL_HEADER_BYTES);
  header.writeUInt32LE(NL_HEADER_BYTES + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(sequence, 8);
  header.writeUInt32LE(port >>> 0, 12);
  return Buffer.concat([header, body, Buffer.alloc(aligned(body.length) - body.length)]);
}
