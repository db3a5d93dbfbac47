import type { HostPattern } from "../../../base/host-pattern.ts";

/**
 * What the personality and the way out in the host process say to each other of connections, which have numbers of the
 * personality's choosing, from 1 on. Either side sends no more bytes than the other has room for.
 */
export const OUTWARD_WINDOW_BYTES = 256 * 1024;
/** Bytes of one message at most: what a pipe, and a chunk of Node's, holds. */
export const OUTWARD_MESSAGE_BYTES_MAX = 64 * 1024;

/** From the personality. */
export type OutwardCall =
  /** Connect to a name. */
  | { readonly op: "open"; readonly id: number; readonly host: string; readonly port: number }
  /** With bytes. */
  | { readonly op: "data"; readonly id: number }
  /** No more bytes come. */
  | { readonly op: "end"; readonly id: number }
  /** Nobody has the socket any more: no more bytes come, and none are taken. */
  | { readonly op: "close"; readonly id: number }
  /** Broken off. */
  | { readonly op: "reset"; readonly id: number }
  /** So many bytes were read: there is room for as many. */
  | { readonly op: "read"; readonly id: number; readonly bytes: number };

/** How a connection that is not made fails (connect(2)). */
export const OUTWARD_ERRORS = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"] as const;
export type OutwardError = (typeof OUTWARD_ERRORS)[number];

/** To the personality. */
export type OutwardEvent =
  | { readonly op: "opened"; readonly id: number }
  | { readonly op: "failed"; readonly id: number; readonly error: OutwardError }
  /** With bytes. */
  | { readonly op: "data"; readonly id: number }
  | { readonly op: "end"; readonly id: number }
  | { readonly op: "reset"; readonly id: number }
  /** So many bytes are sent: there is room for as many. */
  | { readonly op: "sent"; readonly id: number; readonly bytes: number };

export interface Arrived {
  readonly event: OutwardEvent;
  readonly bytes: Uint8Array;
}

/** The personality's end of it. */
export interface OutwardLink {
  /** Names that may be asked for; each list narrows the others. */
  readonly hosts: readonly (readonly HostPattern[])[];
  /** Connections a run may ask for. */
  readonly connectionsMax: number;
  send(call: OutwardCall, bytes?: Uint8Array): void;
  /** What has come since it was last asked, in order. */
  take(): readonly Arrived[];
}
