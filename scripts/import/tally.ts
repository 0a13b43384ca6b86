import type { Answer } from './sender.ts';

/** Lines that are told one by one. */
const MAX_TOLD = 20;

const count = (number: number, one: string, more = `${one}s`) =>
  `${number.toLocaleString('en')} ${number === 1 ? one : more}`;

/** What became of the lines of a file. */
export function createTally() {
  const total = { lines: 0, fit: 0, stored: 0, known: 0, skipped: 0, refused: 0 };
  const reasons: string[] = [];

  const refuse = (line: number, reason: string) => {
    if (reasons.length < MAX_TOLD) reasons.push(`line ${line}: ${reason}`);
  };

  return {
    total,
    refuse: (line: number, reason: string) => {
      total.refused++;
      refuse(line, reason);
    },
    answered: ({ stored, known, refused, refused_total }: Answer, lines: readonly number[]) => {
      total.stored += stored;
      total.known += known;
      total.refused += refused_total;
      for (const { index, code, message } of refused) refuse(lines[index] ?? 0, `${message} (${code})`);
    },
    /** For a person, line by line. */
    summary: ({ dryRun }: { dryRun: boolean }): string[] => {
      const { fit, stored, known, skipped, refused } = total;
      const done = dryRun
        ? [`${count(fit, 'reading')} would be sent`]
        : [`${count(stored, 'reading')} stored`, `${count(known, 'reading')} known already`];
      const parts = [
        ...done,
        `${count(skipped, 'line')} without a value skipped`,
        `${count(refused, 'line')} refused`,
      ];
      const more = refused - reasons.length;
      return [
        ...reasons,
        ...(more > 0 ? [`… and ${count(more, 'more line')} refused`] : []),
        parts.join(', '),
        ...(dryRun ? ['nothing was sent: this was a dry run'] : []),
      ];
    },
  };
}

export type Tally = ReturnType<typeof createTally>;
