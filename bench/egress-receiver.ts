import { createServer } from "node:net";

/** What one connection of the receiver was: when it was reset, and what came when, on the clock that all processes share. */
export interface FromReceiver {
  readonly port: number;
  readonly resetNs: string;
  readonly arrivals: readonly (readonly [atNs: string, bytes: number])[];
}

/** More than arrive late are not looked at. */
const KEPT = 200;

let port = 0;
const server = createServer((socket) => {
  let arrivals: (readonly [string, number])[] = [];
  socket.on("data", ({ length }) => {
    arrivals.push([String(process.hrtime.bigint()), length]);
    if (arrivals.length > 2 * KEPT) arrivals = arrivals.slice(-KEPT);
  });
  socket.on("error", () => {
    process.send?.({ port, resetNs: String(process.hrtime.bigint()), arrivals } satisfies FromReceiver);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
  process.send?.({ port, resetNs: "0", arrivals: [] } satisfies FromReceiver);
});
