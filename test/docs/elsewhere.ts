import type { Block } from './page.ts';

interface Elsewhere {
  page: string;
  /** With which the block begins; all of the page where there is none. */
  begins?: string;
  /** The file that runs the same. */
  by?: string;
  why: string;
}

/**
 * Blocks of commands that are not run as they stand on their page: why, and what runs the same instead. All others have
 * `<!-- run: … -->` before them: `server` (in a folder of its own, beside a server that `npm start` has started there),
 * `shell` (without one), `slow` (in CI alone), `until WORDS` (interrupted, as by Ctrl+C, once it has printed them).
 */
export const ELSEWHERE: readonly Elsewhere[] = [
  {
    page: 'README.md',
    begins: 'npm start',
    by: 'test/docs/lab.ts',
    why: 'starts the server of all other blocks',
  },
  {
    page: 'docs/backup.md',
    begins: 'npm run migrate-db',
    by: 'test/backup/migrate-db.slow.test.ts',
    why: 'the server must not run, and a second database is needed',
  },
  {
    page: 'docs/backup.md',
    begins: 'sudo install ',
    why: 'needs root and a box that the installer made',
  },
  {
    page: 'docs/backup.md',
    by: 'test/backup/box.slow.test.ts',
    why: 'the server must not run: the test takes a backup under load, loses the box, and restores it elsewhere',
  },
  {
    page: 'docs/certificates.md',
    begins: 'npm run certs -- rotate-ca ',
    by: 'test/e2e/certificates.test.ts',
    why: 'devices are given another CA between the two commands',
  },
  {
    page: 'docs/durability.md',
    begins: 'npm run crash-test',
    by: '.ci/run',
    why: 'minutes: CI runs it with --short',
  },
  {
    page: 'docs/durability.md',
    begins: 'npm run soak',
    by: 'test/scripts/soak.slow.test.ts',
    why: 'an hour: the test runs it for half a minute',
  },
  {
    page: 'docs/install.md',
    begins: 'printf ',
    by: 'test/install/image.test.ts',
    why: 'needs an engine for containers: the test looks whether what the files say is there',
  },
  {
    page: 'docs/install.md',
    begins: 'mkdir pm-iot ',
    by: 'test/install/chroot.slow.test.ts',
    why: 'the test starts it in a Debian of its own',
  },
  {
    page: 'docs/install.md',
    by: 'test/install/systemd.slow.test.ts',
    why: 'root and a machine that is changed: the test installs in a Debian of its own, with systemd',
  },
  {
    page: 'docs/mqtt.md',
    begins: 'npm run conformance',
    by: 'test/conformance/conformance.test.ts',
    why: 'the test runs the same cases',
  },
  {
    page: 'docs/operations.md',
    begins: 'npm run doctor',
    by: 'test/doctor/server.slow.test.ts',
    why: 'a machine of a developer is seldom all well, and then it ends with 1',
  },
  {
    page: 'docs/performance.md',
    begins: 'npm run bench ',
    by: '.ci/run',
    why: 'an hour: CI runs it with --short',
  },
  {
    page: 'docs/performance.md',
    begins: 'npm run soak',
    by: 'test/scripts/soak.slow.test.ts',
    why: 'an hour',
  },
  {
    page: 'docs/performance.md',
    begins: 'npm run bench:home',
    why: 'minutes, and tells nothing but figures',
  },
  {
    page: 'docs/performance.md',
    begins: 'npm run crash-test',
    by: '.ci/run',
    why: 'minutes: CI runs it with --short',
  },
  { page: 'docs/performance.md', begins: 'npm run attack', by: '.ci/run', why: 'minutes: CI runs it' },
  {
    page: 'docs/performance.md',
    begins: 'npm run bench:history',
    by: '.ci/run',
    why: 'hours: CI runs it in small',
  },
  { page: 'docs/performance.md', begins: 'npm run bench:web', why: 'minutes, and tells nothing but figures' },
  {
    page: 'docs/scaling.md',
    by: 'test/cluster/workers.slow.test.ts',
    why: 'a cluster: the tests of it start one so',
  },
  {
    page: 'docs/upgrade.md',
    by: 'test/upgrade/from-first.slow.test.ts',
    why: 'the file is named after what it was made for: the test goes back with the one that it finds',
  },
];

export const elsewhere = ({ page, text }: Block): Elsewhere | undefined =>
  ELSEWHERE.find((each) => each.page === page && text.startsWith(each.begins ?? ''));
