import { invariant } from "../../errors.ts";
import type { ErrnoName } from "../errno.ts";
import { describeEndpoint, type Endpoint } from "./ip-address.ts";
import type { TcpSocket } from "./tcp-socket.ts";

/** Someone beyond this machine that a program wants to reach. */
export interface Destination {
  readonly protocol: "tcp" | "udp";
  readonly to: Endpoint;
}

/**
 * The one place at which a socket's traffic could leave the machine. It is asked for every address that is not on the
 * loopback interface, before anything is sent.
 */
export interface Egress {
  /** Why nothing is sent there; undefined when it may be. */
  refusal(destination: Destination): ErrnoName | undefined;
  /** On the loopback interface nobody listens there: whoever was meant is not on this machine. */
  nobody(destination: Destination): void;
  /** Begins to connect a socket to where there was no refusal; the socket is told later. */
  connect(client: TcpSocket, to: Endpoint): void;
  /** What comes back for a datagram to where there was no refusal; undefined for nothing. */
  answer(datagram: Uint8Array): Uint8Array | undefined;
  /** Carries what waits, outside of any system call. True when something came in. */
  exchange(): boolean;
  /** Whether something that a program has given up is still to be sent. */
  readonly isSending: boolean;
}

/** No way out: what Linux says without a route (connect(2), ip(7)). Each attempt is told. */
export class NoEgress implements Egress {
  readonly isSending = false;
  readonly #told: (address: string) => void;

  constructor(told: (address: string) => void) {
    this.#told = told;
  }

  refusal({ to }: Destination): ErrnoName {
    this.#told(describeEndpoint(to));
    return "ENETUNREACH";
  }

  nobody({ to }: Destination): void {
    this.#told(describeEndpoint(to));
  }

  connect(): void {
    invariant(false, "nothing connects where all is refused");
  }

  answer(): undefined {
    invariant(false, "nothing is sent where all is refused");
  }

  exchange(): boolean {
    return false;
  }
}
