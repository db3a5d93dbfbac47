import { Poll } from "../files/open-file.ts";
import type { Progress } from "./tcp-options.ts";

interface Ends {
  readonly receiveShut: boolean;
  readonly sendShut: boolean;
  readonly error: string | undefined;
}

interface Condition {
  readonly state: Progress;
  /** Enough to be worth a try. */
  readonly hasRoom: boolean;
  readonly isUrgent: boolean;
  readonly waitingBytes: number;
}

/** What poll(2) tells of a socket that does not listen (tcp_poll, net/ipv4/tcp.c). */
export function tcpEvents({ receiveShut, sendShut, error }: Ends, condition: Condition): number {
  const { state, hasRoom, isUrgent, waitingBytes } = condition;
  const isConnecting = state === "connecting";
  const isOver = (receiveShut && sendShut) || state === "closed";
  const isReadable = receiveShut || (!isConnecting && waitingBytes > 0);
  const isWritable = !isConnecting && (sendShut || hasRoom);
  return (
    (isOver ? Poll.hup : 0) |
    (receiveShut ? Poll.rdHup : 0) |
    (isReadable ? Poll.in | Poll.rdNorm : 0) |
    (isWritable ? Poll.out | Poll.wrNorm : 0) |
    (isUrgent ? Poll.pri : 0) |
    (error !== undefined ? Poll.err : 0)
  );
}
