import type { Context } from "hono";
import type { ReviewerSigner } from "../loop/index.ts";
import type { Session } from "./access/sessions.ts";

/** What the server's middleware leaves for its handlers. */
export interface ServerEnv {
  readonly Variables: { session: Session; signer: ReviewerSigner | undefined };
}

export type ServerContext = Context<ServerEnv>;
