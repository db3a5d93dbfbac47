import { literals, type Rule, shaped } from "../rule.ts";

// Each control exists as ESC and a letter, and as one C1 code point (ECMA-48, 5.3).
const CSI = ["\x1b[", "\u009b"];
const OSC = ["\x1b]", "\u009d"];
const STRINGS = ["\x1bP", "\u0090", "\x1b_", "\u009f", "\x1b^", "\u009e", "\x1bX", "\u0098"];

/** Control sequences that do more to a terminal than colour. */
export const TERMINAL_RULES: readonly Rule[] = [
  {
    id: "terminal.conceal",
    family: "terminal",
    severity: "medium",
    decodedSeverity: "info",
    meaning: "Text that a model reads and a person at the terminal does not see.",
    reason: "conceals text from the terminal",
    patterns: shaped("csi-conceal", ...CSI),
  },
  {
    id: "terminal.report",
    family: "terminal",
    severity: "info",
    meaning:
      "Makes a terminal type its answer into whatever reads the keyboard; full-screen programs ask when they start.",
    reason: "asks the terminal to type an answer",
    sinks: { terminal: "high" },
    patterns: shaped("csi-report", ...CSI),
  },
  {
    id: "terminal.control-string",
    family: "terminal",
    severity: "medium",
    decodedSeverity: "info",
    meaning: "OSC, DCS, APC, PM or SOS: clipboard (OSC 52), device commands; the content is not shown.",
    reason: "contains a terminal control string",
    sinks: { terminal: "high" },
    patterns: shaped("control-string", ...OSC, ...STRINGS),
  },
  {
    id: "terminal.link",
    family: "terminal",
    severity: "info",
    meaning: "A link (OSC 8), as ls, gcc and man write them: the terminal shows one thing and opens another.",
    reason: "contains a terminal link",
    sinks: { terminal: "medium" },
    patterns: shaped("hyperlink", ...OSC),
  },
  {
    id: "terminal.title",
    family: "terminal",
    severity: "info",
    meaning: "Sets the window's title.",
    reason: "sets the terminal title",
    patterns: literals("\x1b]0;", "\x1b]1;", "\x1b]2;"),
  },
  {
    id: "terminal.sequence",
    family: "terminal",
    severity: "info",
    meaning: "Colour and cursor movement, as in any build log.",
    reason: "contains terminal colours",
    patterns: literals(...CSI),
  },
];
