/** States of a connection as the kernel numbers them (net/tcp_states.h). */
export const TCP_STATES = { established: 1, synSent: 2, finWait2: 5, close: 7, closeWait: 8, listen: 10 } as const;
export type TcpState = keyof typeof TCP_STATES;

/** How far a socket is, its ends apart. */
export type Progress = "closed" | "listening" | "connecting" | "established";

/** The same as the kernel has it. */
export function tcpState(progress: Progress, finSent: boolean, finReceived: boolean): TcpState {
  if (progress === "listening") return "listen";
  if (progress === "connecting") return "synSent";
  if (progress === "closed") return "close";
  if (finSent) return "finWait2";
  return finReceived ? "closeWait" : "established";
}

/** Names of options that are no numbers to keep (linux/tcp.h). */
const Tcp = { maxSegment: 2, info: 11, congestion: 13, ulp: 31 } as const;

/** What a connection over the loopback interface holds unless told otherwise (tcp_init_buffer_space, net/ipv4/tcp_input.c). */
export const SEND_BUFFER_BYTES = 2_626_560;
/** The largest segment over a loopback interface of 65,536 bytes, and before there is a connection (RFC 9293, 3.7.1). */
const SEGMENT_BYTES = 65_483;
const SEGMENT_BYTES_UNCONNECTED = 536;
/** TCP_CA_NAME_MAX (net/tcp.h). */
const ALGORITHM_BYTES = 16;
/** struct tcp_info up to tcpi_total_retrans (linux/tcp.h). */
const INFO_BYTES = 104;

/** An option that only tells. */
export function tcpOption(name: number, state: TcpState): Buffer | undefined {
  switch (name) {
    case Tcp.maxSegment: {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(isConnected(state) ? SEGMENT_BYTES : SEGMENT_BYTES_UNCONNECTED, 0);
      return bytes;
    }
    case Tcp.info:
      return tcpInfo(state);
    case Tcp.congestion: {
      const bytes = Buffer.alloc(ALGORITHM_BYTES);
      bytes.set(Buffer.from("cubic"));
      return bytes;
    }
    case Tcp.ulp:
      return Buffer.alloc(0);
    default:
      return undefined;
  }
}

function isConnected(state: TcpState): boolean {
  return state === "established" || state === "closeWait" || state === "finWait2";
}

/** struct tcp_info: the state, and what a connection without delay or loss shows. */
function tcpInfo(state: TcpState): Buffer {
  const bytes = Buffer.alloc(INFO_BYTES);
  bytes.writeUInt8(TCP_STATES[state], 0);
  if (!isConnected(state)) return bytes;
  // tcpi_snd_mss, tcpi_rcv_mss, tcpi_pmtu, tcpi_snd_cwnd, tcpi_advmss.
  for (const [at, value] of [
    [16, SEGMENT_BYTES],
    [20, SEGMENT_BYTES_UNCONNECTED],
    [60, 65_536],
    [80, 10],
    [84, SEGMENT_BYTES],
  ] as const)
    bytes.writeUInt32LE(value, at);
  return bytes;
}
