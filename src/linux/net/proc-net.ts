import { byteStringOf } from "../../base/byte-string.ts";
import { Family, Protocol } from "./abi.ts";
import type { InetSocket } from "./inet-socket.ts";
import { LOOPBACK } from "./interface.ts";
import { ANY_V4, ANY_V6, type Endpoint, LOOPBACK_V6 } from "./ip-address.ts";
import type { Network } from "./network.ts";
import { TCP_STATES } from "./tcp-options.ts";
import { TcpSocket } from "./tcp-socket.ts";
import { UdpSocket } from "./udp-socket.ts";
import { UnixSocket } from "./unix-socket.ts";

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0");

/** An address as the kernel prints it: words of four bytes, each as a number of this machine. */
function shownEndpoint(endpoint: Endpoint | undefined, family: number): string {
  const { ip, port } = endpoint ?? { ip: family === Family.inet ? ANY_V4 : ANY_V6, port: 0 };
  const bytes = Buffer.from(ip, "hex").subarray(family === Family.inet ? 12 : 0);
  let words = "";
  for (let at = 0; at < bytes.length; at += 4) words += hex(bytes.readUInt32LE(at), 8);
  return `${words}:${hex(port, 4)}`;
}

interface Row {
  readonly state: number;
  readonly sending: number;
  readonly receiving: number;
  readonly tail: string;
}

function inetLine(socket: InetSocket, index: number, width: number, row: Row): string {
  const { family } = socket.kind;
  const ends = `${shownEndpoint(socket.local, family)} ${shownEndpoint(socket.remote, family)}`;
  const queues = `${hex(row.sending, 8)}:${hex(row.receiving, 8)}`;
  const owner = `${String(socket.owner.uid).padStart(5)} ${"0".padStart(8)} ${socket.ino}`;
  return `${String(index).padStart(width)}: ${ends} ${hex(row.state, 2)} ${queues} 00:00000000 00000000 ${owner} ${row.tail}`;
}

const TCP_COLUMNS = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const TCP_WIDTH = 149;
const UDP_COLUMNS =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";
const UDP_WIDTH = 127;

/** What of a kernel pointer everyone may see. */
const POINTER = "0000000000000000";

function tcpText(network: Network, family: number): string {
  const lines = [...network.sockets]
    .filter((socket) => socket instanceof TcpSocket && socket.kind.family === family && socket.state !== "close")
    .map((socket, i) => {
      const tcp = socket as TcpSocket;
      const { sending, receiving } = tcp.queues;
      const state = TCP_STATES[tcp.state];
      return inetLine(tcp, i, 4, { state, sending, receiving, tail: `1 ${POINTER} 100 0 0 10 0` });
    });
  return [TCP_COLUMNS, ...lines].map((line) => `${line.padEnd(TCP_WIDTH)}\n`).join("");
}

function udpText(network: Network, family: number): string {
  const lines = [...network.sockets]
    .filter((socket) => socket instanceof UdpSocket && socket.kind.family === family && socket.local !== undefined)
    .map((socket, i) => {
      const udp = socket as UdpSocket;
      const state = udp.remote === undefined ? TCP_STATES.close : TCP_STATES.established;
      return inetLine(udp, i, 5, { state, sending: 0, receiving: udp.waitingBytes, tail: `2 ${POINTER} 0` });
    });
  return [UDP_COLUMNS, ...lines].map((line) => `${line.padEnd(UDP_WIDTH)}\n`).join("");
}

/** SS_UNCONNECTED and SS_CONNECTED; the flag of one that listens (linux/net.h). */
const UNCONNECTED = 1;
const CONNECTED = 3;
const LISTENS = 0x1_0000;

function unixText(network: Network): string {
  const lines = [...network.sockets]
    .filter((socket) => socket instanceof UnixSocket)
    .map((socket) => {
      const unix = socket as UnixSocket;
      const state = unix.peer === undefined ? UNCONNECTED : CONNECTED;
      const flags = hex(unix.isListening ? LISTENS : 0, 8);
      const name = unix.name === undefined ? "" : ` ${shownName(unix.name.bytes)}`;
      const counts = `00000002 00000000 ${flags} ${hex(unix.kind.type, 4)} ${hex(state, 2)}`;
      return `${POINTER}: ${counts} ${String(unix.ino).padStart(5)}${name}\n`;
    });
  return `Num       RefCount Protocol Flags    Type St Inode Path\n${lines.join("")}`;
}

/** Nulls within a name of its own are shown as "@", and the one at a path's end is not (unix_seq_show, net/unix/af_unix.c). */
function shownName(bytes: Buffer): string {
  const name = byteStringOf(bytes);
  return bytes[0] === 0 ? name.replaceAll("\0", "@") : name.slice(0, -1);
}

function deviceText({ traffic }: Network): string {
  const columns =
    "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n";
  const counts = `${String(traffic.bytes).padStart(8)} ${String(traffic.packets).padStart(7)}`;
  const received = `${counts}    0    0    0     0          0         0`;
  const sent = `${counts}    0    0    0     0       0          0`;
  return `${columns}${LOOPBACK.name.padStart(6)}: ${received} ${sent}\n`;
}

/** Columns of tables in which nothing is ever found here. */
const ROUTES = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
const NEIGHBOURS = "IP address       HW type     Flags       HW address            Mask     Device\n";
const RAW =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";

function socketCounts({ sockets }: Network): string {
  const count = (family: number, protocol: number): number =>
    [...sockets].filter(({ kind }) => kind.family === family && kind.protocol === protocol).length;
  const [tcp, udp] = [count(Family.inet, Protocol.tcp), count(Family.inet, Protocol.udp)];
  return `sockets: used ${sockets.size}\nTCP: inuse ${tcp} orphan 0 tw 0 alloc ${tcp} mem 0\nUDP: inuse ${udp} mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n`;
}

/** What /proc/net shows (proc_pid_net(5)), by name. */
export function procNet(network: Network): readonly (readonly [string, () => string])[] {
  return [
    ["dev", () => deviceText(network)],
    ["tcp", () => tcpText(network, Family.inet)],
    ["tcp6", () => tcpText(network, Family.inet6)],
    ["udp", () => udpText(network, Family.inet)],
    ["udp6", () => udpText(network, Family.inet6)],
    ["unix", () => unixText(network)],
    ["raw", () => RAW],
    ["raw6", () => RAW],
    ["packet", () => "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"],
    ["route", () => `${ROUTES.padEnd(127)}\n`],
    ["arp", () => NEIGHBOURS],
    ["if_inet6", () => `${LOOPBACK_V6} 01 80 10 80 ${LOOPBACK.name.padStart(8)}\n`],
    ["sockstat", () => socketCounts(network)],
  ];
}
