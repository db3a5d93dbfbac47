export { controlTerminal } from "./control.ts";
export { type Pty, SlaveInode } from "./pty.ts";
export { TerminalFile } from "./terminal-files.ts";
export { Terminals } from "./terminals.ts";
