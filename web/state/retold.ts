import type { Failure } from './model.ts';

/** A failure in the words of the place where it happened, which know better what a code means there. */
export function retold(
  failure: Failure | null,
  words: Readonly<Record<string, string | undefined>>,
): Failure | null {
  const told = failure === null ? undefined : words[failure.code];
  // A code that no language has words for is shown by its text.
  return failure === null || told === undefined ? failure : { ...failure, code: 'TOLD', text: told };
}
