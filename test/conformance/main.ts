import { atMost } from '../../db/domain/within.ts';
import { CASES } from './cases.ts';
import { bareAedes, type Contestant, mosquitto, ours } from './contestants.ts';

const CASE_LIMIT_MS = 15_000;

/** Prints which cases each broker passes, as a table. `npm run conformance` */
async function passes({ broker }: Contestant, run: (typeof CASES)[number]['run']): Promise<boolean> {
  const passed = run(broker).then(
    () => true,
    () => false,
  );
  return atMost(CASE_LIMIT_MS, passed, false);
}

const contestants = [await ours(), await mosquitto(), await bareAedes()].filter((one) => one !== null);
const counts = new Map(contestants.map(({ name }) => [name, 0]));
const rows: string[] = [];
for (const { statement, title, run } of CASES) {
  const results: boolean[] = [];
  for (const contestant of contestants) {
    const passed = await passes(contestant, run);
    results.push(passed);
    if (passed) counts.set(contestant.name, (counts.get(contestant.name) ?? 0) + 1);
  }
  if (results.includes(false)) {
    const cells = [statement, title, ...results.map((passed) => (passed ? 'yes' : '**no**'))];
    rows.push(`| ${cells.join(' | ')} |`);
  }
}
console.log(`Of ${CASES.length} cases:`);
for (const [name, count] of counts) console.log(`- ${name}: ${count}`);
console.log(`\n| statement | case | ${[...counts.keys()].join(' | ')} |`);
console.log(`| --- | --- | ${[...counts].map(() => '---').join(' | ')} |`);
console.log(rows.join('\n'));
for (const { stop } of contestants) await stop();
process.exit(counts.get('PM IoT') === CASES.length ? 0 : 1);
