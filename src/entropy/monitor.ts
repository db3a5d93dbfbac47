/** One thing that speaks for or against an alarm, in words that a person can check. */
export interface Reason {
  /** A stable name: a feature, a detector. */
  readonly name: string;
  /** What it adds to the evidence, in bits; below zero it speaks against. */
  readonly bits: number;
  /** A sentence about this very event. */
  readonly text: string;
}

/** What a monitor says of one event. */
export interface Evidence {
  /** How probable it is that the event is not what the agent's person wanted, between 0 and 1, as calibrated. */
  readonly probability: number;
  /** The same as log2 of the odds, so that reasons add up: 0 is even, 10 is a thousand to one. */
  readonly bits: number;
  readonly alarm: boolean;
  /** The weightiest first. */
  readonly reasons: readonly Reason[];
}

/** What all monitors have in common: events of one run go in, in their order, and evidence comes out at once. */
export interface Monitor<Event, State> {
  /** Undefined for an event that is only remembered, not judged. */
  observe(event: Event): Evidence | undefined;
  /** What it knows of the run so far, as plain data. */
  readonly state: State;
}
