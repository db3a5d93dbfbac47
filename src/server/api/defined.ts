type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without members that are undefined: to the loop, a member that is there means something. */
export function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>;
}
