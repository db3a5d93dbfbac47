/** Whether a path is a directory or lies somewhere below it. Both are absolute and normal, as `resolve` and `realpath` give them. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
