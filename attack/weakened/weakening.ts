/** A copy of the product with one wall taken out: what attacks it must notice. */
export interface Weakening {
  /** Letter and name of the class whose attacks must see it. */
  readonly className: string;
  /** What is not done any more. */
  readonly takesOut: string;
  readonly edits: readonly Edit[];
  /** The attacks that are tried on the copy; at least one of them must have an effect. */
  readonly attacks: readonly string[];
}

/** A text of a file and what stands there instead. That it is not found exactly once is an error: the wall has moved. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}
