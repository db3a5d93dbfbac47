import { ZtlError } from "../../errors.ts";
import type { DraftText, Place } from "../record/place.ts";
import type { SigningKey } from "../store/signing-key.ts";

/** What the ledger and its writing thread say to one another. */

export interface ThreadData {
  readonly directory: string;
  readonly key: SigningKey;
  /** Databases that are made durable together with the ledger. */
  readonly beside: readonly string[];
}

/** Without a draft it is a wait for the disk. */
export interface Order {
  readonly id: number;
  readonly draft?: DraftText | undefined;
}

export type ToThread = readonly Order[] | "close";

export interface Outcome {
  readonly id: number;
  readonly place?: Place | undefined;
  readonly error?: ToldError | undefined;
}

/** An error as it crosses between threads, which keep neither its class nor its code. */
export interface ToldError {
  readonly code: string;
  readonly message: string;
  readonly path?: unknown;
  readonly systemCode?: unknown;
}

export function tellError(error: unknown): ToldError {
  if (!ZtlError.isInstance(error)) return { code: "ledger-write-failed", message: String(error) };
  const { path, systemCode } = error.details;
  return { code: error.code, message: error.message, path, systemCode };
}

export function hearError({ code, message, path, systemCode }: ToldError): ZtlError {
  return new ZtlError(code, message, { path, systemCode });
}
