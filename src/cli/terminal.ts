/**
 * Guest output and file names are the guest's to choose. On a terminal they could move the cursor over what was printed
 * before, set the clipboard or answer queries into the user's shell, so control characters are shown, not sent.
 */

/** Colours and text styles: the one family of control sequences that only changes how following text looks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
const STYLE_OR_CONTROL = /\x1b\[[0-9;:]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

function visible(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

/** Text safe to print on a terminal: styles, newlines, tabs and carriage returns stay, other controls become visible. */
export function defuse(text: string): string {
  return text.replace(STYLE_OR_CONTROL, (match) => (match.length > 1 || match === "\r" ? match : visible(match)));
}

/** Lines of our own that quote names: no styles, and no controls but the line breaks. */
export function defuseLines(text: string): string {
  return text.split("\n").map(defuseName).join("\n");
}

/** A name on one line: no styles or line breaks either. */
export function defuseName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
  return name.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, visible);
}
