import type { Context } from "hono";
import type { Session } from "./access/sessions.ts";

/** What the server's middleware leaves for its handlers. */
export interface ServerEnv {
  readonly Variables: { session: Session };
}

export type ServerContext = Context<ServerEnv>;
