import { commit, rows, sentence } from "./made-up.ts";
import type { TypicalOutputs } from "./outputs.ts";

const RED = "\x1b[31m";
const GREEN = "\x1b[32m";
const DIM = "\x1b[2m";
const RESET = "\x1b[0m";

const bold = (text: string): string => [...text].map((letter) => `${letter}\b${letter}`).join("");
const underlined = (text: string): string => [...text].map((letter) => `_\b${letter}`).join("");

/** What programs print, with and without a terminal. */
export const TERMINALS: TypicalOutputs = {
  "man page under a terminal": () =>
    `\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\r${bold("LS(1)")}   User Commands   ${bold("LS(1)")}\n\n${bold("NAME")}\n       ls - list directory contents\n\n${bold("SYNOPSIS")}\n       ${bold("ls")} [${underlined("OPTION")}]... [${underlined("FILE")}]...\n\n       See \x1b]8;;https://www.gnu.org/software/coreutils/ls\x1b\\the manual\x1b]8;;\x1b\\.\n\x1b[K\x1b[7m Manual page ls(1) line 1 (press h for help or q to quit)\x1b[27m\x1b[K\x1b[?1l\x1b>\x1b[?1049l`,
  "man page, overstruck": () =>
    rows(400, (id) => `${bold(`--option-${id}`)}=${underlined("WHEN")}\n       ${sentence(id)}`).join("\n"),
  "coloured lint, 2 MB": () =>
    rows(
      14_000,
      (id) =>
        `${DIM}src/file${id % 300}.ts${RESET}:${id}:7 ${RED}error${RESET} \x1b[1mlint/style/useConst${RESET} ${sentence(id, 9)} ${DIM}no-${id % 40}-rule${RESET}`,
    ).join("\n"),
  "every letter in its own colour": () =>
    [...sentence(3, 400)].map((letter, index) => `\x1b[38;5;${index % 256}m${letter}`).join(""),
  "test run": () =>
    rows(800, (id) =>
      id % 50 === 7
        ? `${RED}✗${RESET} case ${id}\n    Error: expected <b> to equal <c>\n      at Object.<anonymous> (/app/test/a.test.js:${id}:5)`
        : `${GREEN}✓${RESET} case ${id} ${DIM}(3 ms)${RESET}`,
    ).join("\n"),
  "progress bar": () =>
    rows(500, (id) => `\r\x1b[2K\x1b[1A[${"=".repeat(id % 40)}>${" ".repeat(40 - (id % 40))}] ${id / 5} %`).join(""),
  "docker build": () =>
    rows(
      200,
      (id) =>
        `#${id} ${(id / 10).toFixed(3)} Step ${id} : RUN apt-get install -y curl\n#${id} sha256:${commit(id)}${commit(id + 1).slice(0, 24)} 1.2MB / 4.5MB`,
    ).join("\n"),
  "compiler with links": () =>
    rows(
      300,
      (id) =>
        `\x1b]8;;file:///src/main.c\x07\x1b[01m\x1b[Kmain.c:${id}:3:\x1b[m\x1b[K\x1b]8;;\x07 \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kexpected '\x1b[01m\x1b[K;\x1b[m\x1b[K'`,
    ).join("\n"),
  "shell prompt with marks": () =>
    `\x1b]133;A\x07\x1b]0;user@host: ~\x07\x1b]7;file://host/home/user\x07$ ls\n\x1b]133;C\x07a b c\n\x1b]133;D;0\x07`,
  "git log with badges": () =>
    rows(
      120,
      (id) =>
        `commit ${commit(id)}\nAuthor: Dev ${id} <d${id}@example.org>\nDate:   Mon Mar ${1 + (id % 28)} 10:00:00 2026 +0100\n\n    Update README ![build](https://ci.example.org/status.svg?branch=main&token=${commit(id).slice(0, 24)})\n\n    Co-authored-by: X <x@example.org>`,
    ).join("\n\n"),
  "git diff": () =>
    rows(
      100,
      (id) =>
        `diff --git a/f${id}.c b/f${id}.c\nindex ${commit(id).slice(0, 9)}..${commit(id + 1).slice(0, 9)} 100644\n--- a/f${id}.c\n+++ b/f${id}.c\n@@ -1,3 +1,3 @@\n-  printf("%s\\n", a[${id}]);\n+  printf("\\x1b[8m%s\\033[0m\\n", a[${id}]);`,
    ).join("\n"),
  "ps and environment": () =>
    rows(200, (id) => `root ${1000 + id} 0.0 0.1 /usr/bin/python3 -m app --role system --user assistant`).join("\n"),
  "ls -la": () => rows(300, (id) => `-rw-r--r-- 1 user user ${id * 37} Mar  3 10:00 .ssh-${id}.conf`).join("\n"),
  "npm install": () =>
    `npm warn deprecated glob@7.2.3: no longer supported\n\nadded 312 packages, and audited 313 packages in 4s\n\n52 packages are looking for funding\n  run \`npm fund\` for details\n\nfound 0 vulnerabilities\n`,
  "stack trace": () =>
    `Traceback (most recent call last):\n${rows(30, (id) => `  File "/app/m${id}.py", line ${id}, in call\n    return self.__class__(**{"action": self.action, "input": x})`).join("\n")}\nKeyError: 'action'\n`,
};
