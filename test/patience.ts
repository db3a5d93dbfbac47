/**
 * How many times longer a thing may take than on a real processor. The emulated machine of `npm run test:hardware` is 20 to
 * 50 times slower and sets this variable; where nothing does, every limit is the one that was written for real processors.
 */
export const PATIENCE = patienceOf(process.env.ZTL_TEST_PATIENCE);

/** A time limit of a test or of a run in it. */
export function patiently(ms: number): number {
  return ms * PATIENCE;
}

/** How often to repeat what is the same each time: where each takes longer, fewer must do. */
export function fewer(count: number): number {
  return Math.ceil(count / PATIENCE);
}

function patienceOf(text: string | undefined): number {
  const factor = Number(text ?? 1);
  if (!(factor >= 1 && factor <= 1000)) throw new Error(`ZTL_TEST_PATIENCE is a factor from 1 on, not ${text}`);
  return factor;
}
