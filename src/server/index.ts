/** What others may use of the server: start it, and what it needs of a loop. */
export type { Desk } from "./desk.ts";
export { type RunningServer, type ServerOptions, startServer } from "./server.ts";
