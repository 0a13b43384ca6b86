import { readPages } from './page.ts';
import { runPages } from './run-page.ts';

// The README is walked by itself: first-reading.slow.test.ts.
runPages(
  readPages().filter(({ path }) => path !== 'README.md'),
  ({ slow }) => slow,
);
