const AGO: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A moment as RFC 3339 in UTC: of "2026-11-27", "2026-11-27T09:30Z", or "30m", "2h", "3d" before now. Undefined for what is none. */
export function momentOf(text: string, now = Date.now()): string | undefined {
  const [, number, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  // A date that says nothing of a zone is this one's day; ECMAScript takes one without a time as UTC's.
  const written = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text;
  const isDate = /^\d{4}-\d\d-\d\dT/.test(written);
  const at = number === undefined ? Date.parse(isDate ? written : "") : now - Number(number) * (AGO[unit] ?? 0);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
