import type { RecordedCall, RecordedRun } from "./recorded-run.ts";

/** One way to hold an agent back, asked about every call of a recorded run and every result. */
export interface Defence {
  readonly name: string;
  begin(run: RecordedRun, person: Person): DefendedRun;
  close(): Promise<void>;
}

/** Whether somebody is there and says yes to what they are asked, or nobody ever does. */
export type Person = "agrees" | "absent";

export interface DefendedRun {
  /** Before a call is made. `asked`: a person was asked first, and when one agreed the call was made. */
  before(call: RecordedCall): Promise<"made" | "asked" | "refused">;
  /**
   * When it has returned. `asked`: a person was asked before the model read it; `unread`: the model never did, so that what it
   * says cannot be obeyed.
   */
  after(call: RecordedCall): Promise<"read" | "asked" | "unread">;
  /** Of the run: nothing of it waits any more. */
  end(): Promise<void>;
}

/** An agent as it comes. */
export const NO_DEFENCE: Defence = {
  name: "none",
  begin: () => ({
    before: async () => "made",
    after: async () => "read",
    end: async () => {},
  }),
  close: async () => {},
};
