import { html } from "hono/html";
import type { Html } from "./html.ts";

const UNITS = [
  { seconds: 86_400, name: "day" },
  { seconds: 3600, name: "hour" },
  { seconds: 60, name: "minute" },
  { seconds: 1, name: "second" },
] as const;

/** `3 minutes ago`, `in 2 hours`; the page's script keeps it true while the page is open. */
export function relativeTime(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 5) return "now";
  // 57 minutes are told as an hour.
  const unit = UNITS.find((one) => distance >= one.seconds * 0.95) ?? UNITS[3];
  const amount = plural(Math.round(distance / unit.seconds), unit.name);
  return seconds < 0 ? `${amount} ago` : `in ${amount}`;
}

export function timeElement(atMs: number, nowMs: number = Date.now()): Html {
  // The largest time there is in ECMAScript; a stored one beyond it is shown as what it is.
  if (!(Math.abs(atMs) <= 8.64e15)) return html`<span>an impossible time</span>`;
  const iso = new Date(atMs).toISOString();
  return html`<time datetime="${iso}" title="${iso.replace("T", " ").replace(/\.\d+Z$/, " UTC")}" data-relative>${relativeTime(atMs, nowMs)}</time>`;
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return plural(bytes, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length);
  const value = bytes / 1000 ** power;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1).replace(".0", "")} ${units[power - 1]}`;
}

/** Permissions as `ls` and `chmod` write them, such as `0755`. */
export function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
