/** Answer of a read, a write or a whole system call that cannot go on yet; no count or address can be mistaken for it. */
export const BLOCKED = Number.NEGATIVE_INFINITY;
