import { type Rule, shaped, shapedAnyCase } from "../rule.ts";

/**
 * Markup that sends data away when it is shown, without anybody clicking. In a model's memory nothing is shown: every fifth README
 * has a badge of this form, so it counts only where Markdown or HTML is rendered.
 */
export const EXFILTRATION_RULES: readonly Rule[] = [
  {
    id: "exfiltration.image",
    family: "exfiltration",
    severity: "info",
    sinks: { rendered: "medium" },
    meaning: "A Markdown image whose URL carries data: a viewer that loads it sends them (EchoLeak, CVE-2025-32711).",
    reason: "contains an image link that carries data",
    patterns: shaped("markdown-image", "!["),
  },
  {
    id: "exfiltration.element",
    family: "exfiltration",
    severity: "info",
    sinks: { rendered: "medium" },
    meaning: "An HTML element that loads by itself from a URL that carries data.",
    reason: "contains an element that loads a link carrying data",
    patterns: shapedAnyCase("html-load", "<img", "<iframe", "<embed", "<object", "<video", "<audio", "<source"),
  },
  {
    id: "exfiltration.reference",
    family: "exfiltration",
    severity: "info",
    meaning: "A Markdown reference whose URL has a long query.",
    reason: "contains a link reference with a long query",
    patterns: shaped("markdown-reference", "]:"),
  },
];
