/** A failure that the person at the terminal can act on: told without a stack trace. */
export class SetUpError extends Error {}
