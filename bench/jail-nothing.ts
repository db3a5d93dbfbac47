/** A program of one module that does nothing: what Node itself takes to start. */
export {};
