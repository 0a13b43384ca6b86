import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { ADMIN } from '../helpers/server.ts';
import { GIVEN } from './given.ts';
import { type Lab, labMissing, openLab, programMissing } from './lab.ts';
import { assertOutput } from './output.ts';
import { type Block, nameOf, type Page } from './page.ts';

const WORDS = new Set(['server', 'shell', 'slow']);
/** Between the outputs of two blocks. */
const SEPARATOR = '\u001e';

export interface Marked {
  block: Block;
  needsServer: boolean;
  slow: boolean;
  /** It is interrupted, as by Ctrl+C, once it has printed this. */
  until: string | null;
  /** What it prints, as the page shows it. */
  output: Block | null;
}

/** A block that says how it is run; null: it does not. Errors: it says something that nobody understands. */
function readMark(block: Block, after: Block | undefined): Marked | null {
  if (block.language !== 'sh' || block.mark === null) return null;
  const [, before = '', until = null] = /^(.*?)(?: until (.+))?$/.exec(block.mark) ?? [];
  const words = before.split(/\s+/);
  const unknown = words.filter((word) => !WORDS.has(word));
  assert.deepEqual(unknown, [], `${nameOf(block)}: unknown words in <!-- run: ${block.mark} -->`);
  return {
    block,
    needsServer: words.includes('server'),
    slow: words.includes('slow'),
    until,
    output: after?.mark === 'output' ? after : null,
  };
}

export const markedBlocks = ({ blocks }: Page): Marked[] =>
  blocks.flatMap((block, i) => readMark(block, blocks[i + 1]) ?? []);

/** What a reader fills in. */
const filledIn = (text: string) => text.replaceAll(/^PASSWORD=.*$/gm, `PASSWORD='${ADMIN.password}'`);

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** With job control a command in the background has a group of its own, and does not ignore SIGINT. */
const UNTIL = `
until_said() {
  set -m
  bash --norc -euo pipefail -c "$2" >said 2>&1 &
  set +m
  until grep -q "$1" said; do
    if ! kill -0 $!; then cat said; return 1; fi
    sleep 0.1
  done
  kill -INT -- -$!
  wait $! || true
}`;

function commandsOf({ block, until }: Marked): string {
  const text = filledIn(block.text);
  return until === null ? text : `until_said ${quoted(until)} ${quoted(text)}\n`;
}

function prepare({ folder }: Lab, page: string): void {
  const { files = {}, made = [] } = GIVEN[page] ?? {};
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  for (const [file, ...args] of made) execFileSync(file ?? '', args, { cwd: folder });
}

/** Runs blocks in one shell, from top to bottom, and compares what they print with what the page shows. */
async function runBlocks(lab: Lab, blocks: readonly Marked[]): Promise<void> {
  const parts = blocks.map((marked) => `printf '${SEPARATOR}'\n${commandsOf(marked)}`);
  const { code, stdout, stderr } = await lab.bash(`set -euo pipefail\n${UNTIL}\n${parts.join('\n')}`);
  const outputs = stdout.split(SEPARATOR).slice(1);
  const last = blocks[outputs.length - 1];
  assert.equal(code, 0, `${last && nameOf(last.block)} ends with ${code}\n${stdout}\n${stderr}`);
  for (const [i, { output }] of blocks.entries()) {
    if (output !== null) assertOutput(output, outputs[i] ?? '');
  }
}

/** That not everybody has who has Node. */
const PROGRAMS = /\b(?:mosquitto_pub|mosquitto_rr|mosquitto_sub|curl|sqlite3|openssl|jq|promtool)\b/g;

/** A test for each page that has such blocks; those of a page share a shell, and all pages a server. */
export function runPages(pages: readonly Page[], wanted: (marked: Marked) => boolean): void {
  let lab: Promise<Lab> | null = null;
  after(async () => (await lab)?.close());
  const without = labMissing();
  for (const page of pages) {
    const blocks = markedBlocks(page).filter(wanted);
    if (blocks.length === 0) continue;
    const programs = new Set(blocks.flatMap(({ block }) => block.text.match(PROGRAMS) ?? []));
    const skip = [without, ...[...programs].map(programMissing)].find((reason) => reason !== false);
    void test(`the commands of ${page.path}`, { skip: skip ?? false }, async () => {
      lab ??= openLab();
      const opened = await lab;
      if (blocks.some(({ needsServer }) => needsServer)) await opened.startServer();
      prepare(opened, page.path);
      await runBlocks(opened, blocks);
    });
  }
}
