/** What a cell that was taken over does, as it travels in a run's standard input. */
export interface Deed {
  /** Source text of a function of {@link Powers} and `given`; what it returns is the run's output. */
  readonly now: string;
  /** The same for when the reply has been sent. */
  readonly later?: string | undefined;
  readonly given: unknown;
}

/** No ordinary input begins with it. */
export const MARK = "\0taken over\0";
