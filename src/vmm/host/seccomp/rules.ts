/** What becomes of a system call. "kill" ends the whole process, every thread of it. */
export type Action = "allow" | "kill" | { readonly errno: number };

/** Holds when the argument, after `mask`, is one of `in`. */
export interface Condition {
  /** 0 to 5. */
  readonly argument: number;
  readonly mask?: number;
  readonly in: readonly number[];
  /** The kernel takes 64 bits of this argument and not an `int`: the upper half must be zero. */
  readonly wide?: boolean;
}

/** The action on a call all of whose conditions hold. */
export interface Case {
  readonly when: readonly Condition[];
  readonly action: Action;
}

/** What is decided about one system call: the first case that holds, else `otherwise`. */
export interface CallRule {
  /** As in the man pages. */
  readonly name: string;
  /** asm/unistd_64.h */
  readonly number: number;
  readonly cases: readonly Case[];
  readonly otherwise: Action;
}

/** A call that passes whatever its arguments are. */
export const allow = (name: string, number: number): CallRule => ({ name, number, cases: [], otherwise: "allow" });

/** A call that passes when all conditions hold; with other arguments the process is killed. */
export const allowWhen = (name: string, number: number, ...when: readonly Condition[]): CallRule => ({
  name,
  number,
  cases: [{ when, action: "allow" }],
  otherwise: "kill",
});

/** A call that is answered with an error by the filter, so that a library which only tries its luck goes on. */
export const refuse = (name: string, number: number, errno: number): CallRule => ({
  name,
  number,
  cases: [],
  otherwise: { errno },
});

/** An `int` or flags argument that is one of these values. */
export const oneOf = (argument: number, ...values: readonly number[]): Condition => ({ argument, in: values });

/** An `int` or flags argument with no bits but these. */
export const onlyBits = (argument: number, bits: number): Condition => ({ argument, mask: ~bits >>> 0, in: [0] });
