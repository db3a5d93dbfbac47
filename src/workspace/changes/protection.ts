import { posix } from "node:path";
import { type ByteString, bytesOf, nameOf } from "../../base/byte-string.ts";
import { withoutIgnorables } from "../../base/text/index.ts";
import { isDirectoryOrNothing, modeOf, type TreeEdit } from "./node-state.ts";
import { PathPatterns } from "./path-patterns.ts";
import { PROTECTED_PATHS } from "./protected-paths.ts";

const SET_ID_BITS = 0o6000;
const EXECUTE_BITS = 0o111;

/** Names whose folded form is remembered; a project has some thousands of different ones. */
const NAMES_MAX = 20_000;

/** Says which changes need a yes of their own, and why. */
export class Protection {
  readonly #patterns: PathPatterns;
  readonly #folded = new Map<ByteString, string>();

  constructor(extra: readonly string[]) {
    const reason = "the configuration protects it";
    this.#patterns = new PathPatterns([
      ...PROTECTED_PATHS,
      ...extra.map((pattern) => ({ pattern: fold(pattern), reason })),
    ]);
  }

  /**
   * `hostPath` is absolute; `others` are paths it was renamed from or is a link to. `hasUnseenNames`: the host's file has
   * names that are not in the change set.
   */
  reasonsFor(edit: TreeEdit, hostPath: ByteString, others: readonly ByteString[], hasUnseenNames = false): string[] {
    const found = new Set<string>();
    const place = { standsIn: canStandIn(edit, hostPath), isDirectory: isDirectory(edit) };
    for (const path of [hostPath, ...others]) this.#match(path, place, found);
    for (const state of [edit.before, edit.after]) {
      if (state.type !== "symlink") continue;
      const target = posix.resolve(posix.dirname(hostPath), state.target) as ByteString;
      const reasons = new Set<string>();
      this.#match(target, { standsIn: true, isDirectory: false }, reasons);
      for (const reason of reasons) found.add(`it points to a protected path: ${reason}`);
    }
    if (grantsIdentity(edit)) found.add("it would run with its owner's rights (setuid or setgid)");
    if (hasUnseenNames && becomesExecutable(edit))
      found.add("it becomes a program under its other names, too, wherever these are");
    return [...found];
  }

  #match(path: ByteString, { standsIn, isDirectory }: Place, found: Set<string>): void {
    const names = path.split("/").flatMap((name) => (name === "" ? [] : [this.#foldedName(name as ByteString)]));
    for (const { pattern, isLeading } of this.#patterns.find(names)) {
      if (isLeading ? standsIn : pattern.isFile !== true || !isDirectory) found.add(pattern.reason);
    }
  }

  #foldedName(name: ByteString): string {
    let folded = this.#folded.get(name);
    if (folded === undefined) {
      folded = withoutAlias(fold(bytesOf(name).toString("utf8")));
      if (this.#folded.size >= NAMES_MAX) this.#folded.clear();
      this.#folded.set(name, folded);
    }
    return folded;
  }
}

interface Place {
  /** Whoever puts a link or a file at a directory on the way decides what is found below. */
  readonly standsIn: boolean;
  readonly isDirectory: boolean;
}

/** A file whose set-id bits are new, or whose content or owner under them is. A directory's setgid bit grants nothing. */
function grantsIdentity({ before, after }: TreeEdit): boolean {
  return after.type === "file" && (modeOf(after) & SET_ID_BITS) !== 0 && before !== after;
}

function becomesExecutable({ before, after }: TreeEdit): boolean {
  return after.type === "file" && (modeOf(after) & ~modeOf(before) & EXECUTE_BITS) !== 0;
}

function isDirectory({ before, after }: TreeEdit): boolean {
  return isDirectoryOrNothing(before) && isDirectoryOrNothing(after);
}

/** A link can stand in for a directory; a file for one of the dotted ones (`.git` may be a file that says where to look). */
function canStandIn({ before, after }: TreeEdit, path: ByteString): boolean {
  if (before.type === "symlink" || after.type === "symlink") return true;
  return nameOf(path).startsWith(".") && (before.type === "file" || after.type === "file");
}

/** As file systems without case see a name: also without the characters that Unicode calls ignorable. */
function fold(text: string): string {
  return withoutIgnorables(text.normalize("NFKC")).toLowerCase();
}

/** FAT drops dots at the end of a name, Windows blanks as well; both know `.git` as `GIT~1`. */
function withoutAlias(name: string): string {
  const kept = name.replace(/[. ]+$/, "") || name;
  return /^git~\d$/.test(kept) ? ".git" : kept;
}
