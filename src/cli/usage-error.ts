/** The command line itself is wrong: told on stderr with a pointer to --help, exit status 125. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
