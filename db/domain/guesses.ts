/** Longer than any username or device id. */
const MAX_NAME = 65;

/** A name that somebody tried, as it is kept: whoever guesses may send names of any length. */
export const triedName = (name: string) => name.slice(0, MAX_NAME);

/** What wrong guesses are counted by. `from`: an address, or the group that it stands in. */
export const guessKey = (name: string, from: string) => `${triedName(name)}\n${from}`;
