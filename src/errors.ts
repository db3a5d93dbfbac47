/** Every error this package throws on purpose: a stable `code`, what was expected and found, what to do next. */
export class ZtlError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = "ZtlError";
    this.code = code;
    this.details = details;
  }

  /** True for any ZtlError, also one made by another copy of this package. */
  static isInstance(value: unknown): value is ZtlError {
    return value instanceof Error && value.name === "ZtlError" && "code" in value;
  }
}

/** Throws when a condition that the code itself guarantees does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new ZtlError("invariant", `Broken invariant: ${message}`);
}
