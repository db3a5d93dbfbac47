/** Numbers of calls at which a faulty cell fails, and where. */
export const FAULTY_CALLS = { answer: 5001, changes: 5002, diagnostics: 5003 } as const;
