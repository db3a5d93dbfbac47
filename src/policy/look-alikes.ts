/**
 * A name as it looks at a glance: in one case, without separators, and with the ASCII letters and digits that are taken for one
 * another made the same. Two reviewers whose names look alike would be taken for one another where people read who agreed.
 */
export function looksLike(name: string): string {
  return name
    .toLowerCase()
    .replace(/[._@+-]/g, "")
    .replace(/rn/g, "m")
    .replace(/vv/g, "w")
    .replace(/[1il|]/g, "l")
    .replace(/0/g, "o")
    .replace(/5/g, "s");
}
