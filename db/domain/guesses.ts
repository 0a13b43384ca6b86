/** Longer than any username or device id. */
const MAX_NAME = 65;

/** A name that somebody tried, as it is kept: whoever guesses may send names of any length. */
export const triedName = (name: string) => name.slice(0, MAX_NAME);

/** What wrong guesses are counted by. */
export const guessKey = (name: string, address: string) => `${triedName(name)}\n${address}`;
