import { momentOf } from "../base/moment.ts";
import { UsageError } from "./usage-error.ts";

const DURATIONS: Readonly<Record<string, number>> = { "": 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const SIZES: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

function parseUnit(option: string, text: string, units: Readonly<Record<string, number>>, example: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([a-z]*)$/.exec(text.toLowerCase().replace(/(?<=\d[kmg])i?b$/, "")) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  if (number === undefined || factor === undefined)
    throw new UsageError(`--${option} takes ${example}, not ${JSON.stringify(text)}`);
  const value = Math.round(Number(number) * factor);
  if (!Number.isSafeInteger(value) || value <= 0) throw new UsageError(`--${option} must be more than nothing`);
  return value;
}

/** "500ms", "30s", "2m", "1h"; a bare number is seconds, as timeout(1) takes it. */
export function parseDuration(option: string, text: string): number {
  return parseUnit(option, text, DURATIONS, "a time such as 500ms, 30s or 2m");
}

/** "64k", "512M", "1G", with or without "B" or "iB"; always powers of 1024. A bare number is bytes. */
export function parseSize(option: string, text: string): number {
  return parseUnit(option, text, SIZES, "a size such as 64k, 512M or 1G");
}

export function parseCount(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) throw new UsageError(`--${option} takes a positive whole number`);
  return Number(text);
}

/** A moment as RFC 3339 in UTC: "2026-11-27", "2026-11-27T09:30Z", or "30m", "2h", "3d" before now. */
export function parseMoment(option: string, text: string, now = Date.now()): string {
  const moment = momentOf(text, now);
  if (moment === undefined)
    throw new UsageError(`--${option} takes a time such as 2026-11-27, 2026-11-27T09:30Z or 2h`);
  return moment;
}
