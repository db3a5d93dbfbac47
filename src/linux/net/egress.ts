import type { ErrnoName } from "../errno.ts";

/** Someone beyond this machine that a program wants to reach. */
export interface Destination {
  readonly protocol: "tcp" | "udp";
  /** As in "192.0.2.1:80" or "[2001:0db8:…]:443". */
  readonly address: string;
}

/**
 * The one place at which a socket's traffic could leave the machine. It is asked for every address that is not on the
 * loopback interface, before anything is sent, and says why not.
 */
export interface Egress {
  refuse(destination: Destination): ErrnoName;
  /** On the loopback interface nobody listens there: whoever was meant is not on this machine. */
  nobody(destination: Destination): void;
}

/** No way out: what Linux says without a route (connect(2), ip(7)). Each attempt is told. */
export class NoEgress implements Egress {
  readonly #told: (address: string) => void;

  constructor(told: (address: string) => void) {
    this.#told = told;
  }

  refuse({ address }: Destination): ErrnoName {
    this.#told(address);
    return "ENETUNREACH";
  }

  nobody({ address }: Destination): void {
    this.#told(address);
  }
}
