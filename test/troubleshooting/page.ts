import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LogLine, Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

/** This one is built into `dist/test/troubleshooting`. */
export const PAGE = readFileSync(
  fileURLToPath(new URL('../../../docs/troubleshooting.md', import.meta.url)),
  'utf8',
);

/** What the page says is seen, by its name: `<!-- seen: name -->`, and the block that follows, line by line. */
export const SHOWN = new Map(
  [...PAGE.matchAll(/<!-- seen: (\S+) -->\n\n```\w*\n([\s\S]*?)\n```/g)].map(([, name = '', text = '']) => [
    name,
    text.split('\n'),
  ]),
);

const quoted = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** `…` stands for anything. */
const patternOf = (line: string) => new RegExp(line.split('…').map(quoted).join('.*'));

function shown(name: string): string[] {
  const lines = SHOWN.get(name);
  assert.ok(lines, `the page shows nothing of the name ${name}`);
  return lines;
}

/** Each line that the page shows is there, in this order. */
export function assertSeen(name: string, text: string): void {
  let rest = text.split('\n');
  for (const line of shown(name)) {
    const at = rest.findIndex((each) => patternOf(line).test(each));
    assert.ok(at >= 0, `the page shows for ${name}\n${line}\nand there is\n${text}`);
    rest = rest.slice(at + 1);
  }
}

/** Waits until the server has logged what the page shows, after its first `from` lines. */
export async function logged(server: Server, name: string, from = 0): Promise<LogLine> {
  const [line = '', ...more] = shown(name);
  assert.deepEqual(more, [], `${name} is one line`);
  const found = () => server.lines.slice(from).find((each) => patternOf(line).test(JSON.stringify(each)));
  return until(`the log says ${line}`, found, () => server.report());
}
