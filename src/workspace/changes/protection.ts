import { posix } from "node:path";
import { type ByteString, bytesOf, nameOf } from "../../base/byte-string.ts";
import { withoutIgnorables } from "../../base/text/index.ts";
import { modeOf, type TreeEdit } from "./node-state.ts";
import { PROTECTED_PATHS, type ProtectedPath } from "./protected-paths.ts";

const SET_ID_BITS = 0o6000;

interface Matcher {
  readonly reason: string;
  readonly within: RegExp;
  /** A directory that leads to it: whoever puts a link or a file there decides what is found below. */
  readonly leadingTo: RegExp | undefined;
}

/** Says which changes need a yes of their own, and why. */
export class Protection {
  readonly #matchers: readonly Matcher[];

  constructor(extra: readonly string[]) {
    const configured = extra.map((pattern) => ({ pattern, reason: "the configuration protects it" }));
    this.#matchers = [...PROTECTED_PATHS, ...configured].map(toMatcher);
  }

  /** `hostPath` is absolute; `others` are paths it was renamed from or is a link to. */
  reasonsFor(edit: TreeEdit, hostPath: ByteString, others: readonly ByteString[]): string[] {
    const found = new Set<string>();
    for (const path of [hostPath, ...others]) this.#match(path, canStandIn(edit, hostPath), found);
    for (const state of [edit.before, edit.after]) {
      if (state.type !== "symlink") continue;
      const target = posix.resolve(posix.dirname(hostPath), state.target) as ByteString;
      const reasons = new Set<string>();
      this.#match(target, true, reasons);
      for (const reason of reasons) found.add(`it points to a protected path: ${reason}`);
    }
    if (grantsIdentity(edit)) found.add("it would run with its owner's rights (setuid or setgid)");
    return [...found];
  }

  #match(path: ByteString, isLeading: boolean, found: Set<string>): void {
    const folded = fold(path);
    for (const { reason, within, leadingTo } of this.#matchers) {
      if (within.test(folded) || (isLeading && leadingTo?.test(folded))) found.add(reason);
    }
  }
}

/** A file whose set-id bits are new, or whose content or owner under them is. A directory's setgid bit grants nothing. */
function grantsIdentity({ before, after }: TreeEdit): boolean {
  return after.type === "file" && (modeOf(after) & SET_ID_BITS) !== 0 && before !== after;
}

/** A link can stand in for a directory; a file for one of the dotted ones (`.git` may be a file that says where to look). */
function canStandIn({ before, after }: TreeEdit, path: ByteString): boolean {
  if (before.type === "symlink" || after.type === "symlink") return true;
  return nameOf(path).startsWith(".") && (before.type === "file" || after.type === "file");
}

/** As file systems without case see a name: also without the characters that Unicode calls ignorable. */
function fold(path: ByteString): string {
  return withoutIgnorables(bytesOf(path).toString("utf8").normalize("NFKC")).toLowerCase();
}

function toMatcher({ pattern, reason }: ProtectedPath): Matcher {
  const names = pattern.toLowerCase().split("/").filter(Boolean);
  const leading = names.slice(0, -1).filter((name) => name !== "**");
  return {
    reason,
    within: new RegExp(`/${toExpression(names)}(?:/|$)`),
    leadingTo:
      leading.length === 0
        ? undefined
        : new RegExp(`/(?:${leading.map((_, i) => toExpression(leading.slice(0, i + 1))).join("|")})$`),
  };
}

function toExpression(names: readonly string[]): string {
  const parts = names.map((name, i) => {
    if (name === "**") return "(?:[^/]+/)*";
    const expression = name.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]*");
    return i === names.length - 1 ? expression : `${expression}/`;
  });
  return parts.join("");
}
