import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** House rules that a machine can check. */

const root = fileURLToPath(new URL("..", import.meta.url));
const FILE_LINES_MAX = 350;
const FUNCTION_LINES_MAX = 60;

const files = globSync("{src,examples,attack,bench,fuzz}/**/*.ts", { cwd: root }).map((name) => ({
  name,
  text: readFileSync(join(root, name), "utf8"),
}));
const product = files.filter(({ name }) => !name.endsWith(".test.ts"));

/** Longest run of lines from a function's head to its closing brace at the same indentation. */
function longFunctions({ name, text }: { name: string; text: string }): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, start) => {
    const head =
      /^(\s*)(?:export |async |static |private |override |get |set )*(?:function\b|#?[\w$]+\(.*\).*\{$)/.exec(line);
    if (head === null || !line.endsWith("{")) return [];
    const end = lines.findIndex((other, index) => index > start && other.startsWith(`${head[1]}}`));
    return end - start + 1 > FUNCTION_LINES_MAX ? [`${name}:${start + 1} ${end - start + 1} lines`] : [];
  });
}

test("files are short enough to hold one idea", () => {
  const long = product.filter(({ text }) => text.split("\n").length > FILE_LINES_MAX).map(({ name }) => name);
  assert.deepEqual(long, []);
});

test("functions fit on a screen", () => {
  assert.deepEqual(product.flatMap(longFunctions), []);
});

test("no any, no default exports, no comment that silences the type checker", () => {
  const bad = files.flatMap(({ name, text }) =>
    text
      .split("\n")
      .map((line, index) => ({ line, place: `${name}:${index + 1}` }))
      .filter(({ line }) =>
        /(:|<|as)\s*any\b(?!\w)|^export default\b|@ts-(ignore|nocheck|expect-error)/.test(
          line.replace(/"[^"]*"|\/\/.*|^\s*\*.*|\/\*.*/g, ""),
        ),
      )
      .map(({ place }) => place),
  );
  assert.deepEqual(bad, []);
});

test("every foreign call says why it is safe", () => {
  const silent = product.filter(
    ({ name, text }) => /^src\/(vmm|base)\/host\//.test(name) && /\bkoffi\b/.test(text) && !/SAFETY:/.test(text),
  );
  assert.deepEqual(
    silent.map(({ name }) => name),
    [],
  );
});

/** Mechanisms that stand in src/base/ alone: written anew elsewhere they drifted apart before, and the drift became faults. */
const ONLY_IN_BASE: readonly {
  readonly what: string;
  readonly pattern: RegExp;
  /** Files that have a reason of their own. */
  readonly except: Readonly<Record<string, string>>;
}[] = [
  {
    what: "SHA-256 by hand; use base/sha256.ts",
    pattern: /\bcreateHash\(|\bhash\("sha256"/,
    except: {},
  },
  {
    what: "a private directory or file by hand; use base/private-files.ts",
    pattern: /\b0o[67]00\b|\bf?chmodSync\(|uid [!=]== process\.getuid/,
    except: {
      "src/linux/": "the guest's modes, and a guest's own changes",
      "src/vmm/snapshot-file.ts": "a draft that becomes a part of a template",
      "src/sandbox/templates/store.ts": "a draft directory that becomes a template",
      "src/workspace/sync/": "drafts beside the host's files, and their new modes",
      "src/cli/ledger.ts": "a proof goes where the user says, also to a device",
    },
  },
  {
    what: "members that may be undefined, spread by hand; use `defined` of base/optional.ts",
    pattern: /=== undefined \? \{\} : \{/,
    except: {},
  },
  {
    what: "names of bytes by hand; use base/byte-string.ts",
    pattern: /"latin1"/,
    except: {
      "examples/demo/": "the bytes of a PDF, which are no name",
      "src/linux/syscalls/": "what is written to the guest's memory",
      "src/linux/loader/": "what is written to the guest's memory",
      "src/linux/watching/": "what is written to the guest's memory",
      "src/linux/memory/": "what is read from the guest's memory",
      "src/linux/vdso/": "a table of ASCII names, and a file of the kernel's",
      "src/linux/vfs/synthetic.ts": "texts of /proc, in which names stand as their bytes",
      "src/linux/kernel/proc-memory.ts": "texts of /proc, in which names stand as their bytes",
      "src/vmm/host/": "files of the kernel's, which are ASCII",
      "src/sandbox/host-programs/python-layout.ts": "four bytes that are no name",
    },
  },
  {
    what: "JSON that is not read strictly; use base/stored-json.ts or base/strict-json.ts",
    pattern: /\bJSON\.parse\(/,
    except: {
      "src/sandbox/templates/store.ts":
        "on the way of every cell's start, seven times as fast, and only after its MAC or hash was found right",
      "src/vmm/snapshot-file.ts": "the same",
      "src/sandbox/frames.ts": "on the way of every call; the schema of each reply refuses what is not in it",
      "src/ledger/record/entry.ts": "what is not written in its canonical form, byte for byte, is refused",
      "examples/demo/": "plays a model, and shows what the loop has read strictly",
    },
  },
  {
    what: "a mechanism of base/ under its own name",
    pattern:
      /\bfunction (deepFreeze|isRecord|isObject|isWithin|errorCode|byteStringOf|toByteString|parseStored|editDistance|characterStart|canonicalise|canonicalJson|canonicalText|withoutUndefined|privateDirectory|syncDirectory)\b/,
    except: {},
  },
  {
    what: "an SQLite file by hand; use base/database.ts",
    pattern: /\bnew DatabaseSync\(|\bPRAGMA (?!integrity_check)/,
    except: {},
  },
  {
    what: "JSON with sorted members by hand; use base/canonical-json.ts",
    pattern: /JSON\.stringify\([^;]*Object\.fromEntries\([^;]*sort\(|sort\([\s\S]{0,200}\$\{JSON\.stringify\(/,
    except: {},
  },
  {
    what: "which characters are visible, by hand; use base/text/",
    pattern:
      /\\p\{(?:(?:gc|General_Category)=)?(?:C[cfnos]?|Other|Control|Format|Z[lps]?|Separator|DI|Default_Ignorable_Code_Point|Bidi_C(?:ontrol)?|VS|Variation_Selector|NChar|Noncharacter_Code_Point)\}|\\x7f-\\x9f|\\u200b-|\\u202a-|\\u2066-/,
    except: {},
  },
  {
    what: "odd spaces taken for plain ones; use oneLine of base/text/",
    pattern: /replace(?:All)?\(\/\\s\+\/\w*, " "/,
    except: {},
  },
  {
    what: "printing past the last look at a text; use cli/output.ts",
    pattern: /process\.std(?:out|err)\.write\(|\bconsole\./,
    except: { "examples/demo/": "has a narrator, which looks" },
  },
];

const aboveBase = product.filter(
  ({ name }) => /^(src\/(?!base\/)|examples\/)/.test(name) && !/\btesting(\.ts|\/)/.test(name),
);

test("what the foundation does is not done anew elsewhere", () => {
  const anew = aboveBase.flatMap(({ name, text }) =>
    ONLY_IN_BASE.filter(
      ({ pattern, except }) => pattern.test(text) && !Object.keys(except).some((place) => name.startsWith(place)),
    ).map(({ what }) => `${name}: ${what}`),
  );
  assert.deepEqual(anew, []);
});

test("an exception to that is still needed", () => {
  const unused = ONLY_IN_BASE.flatMap(({ what, pattern, except }) =>
    Object.keys(except)
      .filter((place) => !aboveBase.some(({ name, text }) => name.startsWith(place) && pattern.test(text)))
      .map((place) => `${place}: ${what}`),
  );
  assert.deepEqual(unused, []);
});

test("no path or host name of a developer's machine is committed", {
  skip:
    existsSync(join(root, ".git")) && spawnSync("git", ["--version"]).status === 0
      ? false
      : "no git checkout, or no git",
}, () => {
  const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter((name) => name !== "" && name !== "package-lock.json");
  const pattern = /(^|[ "'(=`])\/(work|root\/\.pyenv|home\/(?!agent|u\b)[a-z])|\bnpmjs?\.(org|com)\b/;
  const leaks = tracked.filter(
    (name) =>
      existsSync(join(root, name)) &&
      !name.endsWith("tidiness.test.ts") &&
      pattern.test(readFileSync(join(root, name), "utf8")),
  );
  assert.deepEqual(leaks, []);
});
