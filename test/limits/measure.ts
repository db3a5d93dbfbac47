/** Standard input of a run that is to measure what its cell holds; no ordinary input is like it. */
export const MEASURE = "\0measure\0";
