import { ZtlError } from "../../errors.ts";
import type { OnOpen } from "../breaker/live-work.ts";
import type { ActingIn } from "../breaker/target.ts";
import type { Caller } from "../handles/caller.ts";
import type { LoopParts } from "../parts.ts";
import type { Call } from "./call.ts";

/** A call that goes on until a breaker over it is opened. */
export interface Severable extends Disposable {
  /** Aborted by who asked for the call, or by the breaker. */
  readonly signal: AbortSignal;
  /** A sentence about the breaker that ended it; undefined while none did. */
  readonly severedBecause: string | undefined;
  /** Throws ZtlError `breaker-open` when it was ended. */
  throwIfSevered(): void;
}

/** From here on a breaker ends the call; one that was opened since it was permitted ends it at once. */
export function severable({ breaker }: LoopParts, call: Call, asked: AbortSignal | undefined): Severable {
  const cut = new AbortController();
  let because: string | undefined;
  const onOpen: OnOpen = ({ reason }) => {
    because = `A breaker was opened over this call and ended it: ${reason}`;
    cut.abort(severed(because));
  };
  const end = breaker.watch({ ...actingIn(call), tool: call.tool }, onOpen);
  return {
    signal: asked === undefined ? cut.signal : AbortSignal.any([asked, cut.signal]),
    get severedBecause() {
      return because;
    },
    throwIfSevered() {
      if (because !== undefined) throw severed(because);
    },
    [Symbol.dispose]: end,
  };
}

/** Who makes a call, as breakers know it. */
export function actingIn({
  caller: { agent, conversation },
  scope: { runId },
}: {
  readonly caller: Pick<Caller, "agent" | "conversation">;
  readonly scope: { readonly runId: string };
}): ActingIn {
  return { agent, conversation, runId };
}

function severed(because: string): ZtlError {
  const remedy = "Nothing more is done here until a reviewer closes it: ztl breaker status";
  return new ZtlError("breaker-open", because, { remedy });
}
