import { connect, type Socket } from "node:net";
import { abortSocket } from "./abort-socket.ts";
import { CONNECT_MS_MAX } from "./limits.ts";

export type DialFailure = "connection-refused" | "timed-out" | "unreachable";

export type Dialled = { readonly socket: Socket; readonly address: string } | { readonly failure: DialFailure };

/** Connects to the first of these addresses that answers, each tried for a while; never to another one. */
export async function dial(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Dialled> {
  let failure: DialFailure = "unreachable";
  for (const address of addresses) {
    const tried = await dialOne(address, port, signal);
    if (typeof tried !== "string") return { socket: tried, address };
    failure = tried;
    if (signal.aborted) break;
  }
  return { failure };
}

function dialOne(address: string, port: number, signal: AbortSignal): Promise<Socket | DialFailure> {
  if (signal.aborted) return Promise.resolve("unreachable");
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true, autoSelectFamily: false });
    const settle = (result: Socket | DialFailure): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      socket.removeListener("connect", arrived);
      if (typeof result === "string") abortSocket(socket);
      resolve(result);
    };
    const arrived = (): void => {
      // What was connected to is what was checked, whatever lies between.
      if (socket.remoteAddress === address || isSame(socket.remoteAddress, address)) settle(socket);
      else settle("unreachable");
    };
    const giveUp = (): void => settle("unreachable");
    const timer = setTimeout(() => settle("timed-out"), CONNECT_MS_MAX);
    signal.addEventListener("abort", giveUp);
    socket.once("connect", arrived);
    // It stays: a socket that was given up may still tell of an error.
    socket.on("error", (error: NodeJS.ErrnoException) => settle(failureOf(error)));
  });
}

/** The kernel writes IPv6 addresses in their short form; anything else that differs is another address. */
function isSame(found: string | undefined, asked: string): boolean {
  return found !== undefined && asked.includes(":") && new URL(`http://[${asked}]`).hostname === `[${found}]`;
}

function failureOf({ code }: NodeJS.ErrnoException): DialFailure {
  if (code === "ECONNREFUSED") return "connection-refused";
  return code === "ETIMEDOUT" ? "timed-out" : "unreachable";
}
