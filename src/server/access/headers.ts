import type { Context, Next } from "hono";

/**
 * Sent with every answer, errors included. Nothing is loaded from elsewhere and no script or style stands in a page, so hostile
 * text that got past the escaping still could not act.
 *
 * The referrer stays within this origin. `no-referrer` would be no better, and would make browsers send `Origin: null` with our
 * own forms (Fetch, "append a request Origin header"), which the check of the origin could not tell from a stranger's.
 */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
};

export async function securityHeaders(c: Context, next: Next): Promise<void> {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
}
