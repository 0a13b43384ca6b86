import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CommandBody, Rest } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

/** The files of the docs, and those that stand for a board; this one is built into `dist/test/first-device`. */
export const example = (file: string) =>
  fileURLToPath(new URL(`../../../docs/examples/first-device/${file}`, import.meta.url));
export const standIn = (file: string) =>
  fileURLToPath(new URL(`../../../test/first-device/${file}`, import.meta.url));

/** null where it is there. In CI nothing that Debian has is missing. */
export function missing(program: string, args: string[], debian: string): string | false {
  if (process.env.CI === 'true') return false;
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return false;
  } catch {
    return `not installed (Debian: apt-get install ${debian})`;
  }
}

/** What a device maker writes into the copy of the example: the values by name, in whatever language. */
export function filledIn(file: string, values: Record<string, string | number>): string {
  let text = readFileSync(example(file), 'utf8');
  for (const [name, value] of Object.entries(values)) {
    const line = new RegExp(`^(#define ${name} |${name} ?= ?)("[^"]*"|\\d+)`, 'm');
    if (!line.test(text)) throw new Error(`${file} has no ${name} any more`);
    text = text.replace(
      line,
      (_line, before: string) => `${before}${typeof value === 'number' ? value : JSON.stringify(value)}`,
    );
  }
  return text;
}

/** A program that runs until the test ends, and what it has said. */
export class Program {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  constructor(
    t: TestContext,
    file: string,
    args: string[],
    options: { cwd: string; env?: NodeJS.ProcessEnv },
  ) {
    this.#child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let rest = '';
      stream?.on('data', (chunk) => {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        this.lines.push(...lines);
      });
    }
    t.after(() => this.end());
  }

  /** The first line from `from` on that has it. */
  said(text: string | RegExp, from = 0): Promise<string> {
    return until(
      `it says ${text}`,
      () =>
        this.lines
          .slice(from)
          .find((line) => (typeof text === 'string' ? line.includes(text) : text.test(line))),
      () => this.lines.join('\n'),
    );
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const exited = once(this.#child, 'exit');
    if (this.#child.exitCode === null && this.#child.signalCode === null && this.#child.kill(signal))
      await exited;
  }
}

/** From its first connection to its secret, a command, a server that goes and comes, and its last words. */
export async function livesThrough(
  server: Server,
  rest: Rest,
  id: string,
  start: () => Program,
  [sensor, shown]: [string, RegExp] = ['temperature', /^53\.3$/],
) {
  let device = start();
  await device.said('registered: the secret is kept');
  await device.said('connected with the secret');
  const has = (capability: string, wanted: RegExp) =>
    until(
      `${capability} is ${wanted}`,
      async () => {
        const { widgets } = await rest.device(id);
        const widget = widgets.find((each) => each.capability.capability_type === capability);
        return widget !== undefined && wanted.test(String(widget.value));
      },
      () => device.lines.join('\n'),
    );
  await has('link', /^up$/);
  await has('power', /^OFF$/);
  await has(sensor, shown);
  const { widget_id: widget } = await rest.widget(id, 'power');
  const command = async (value: string) => {
    const path = `/api/widgets/${widget}/command?wait=30000`;
    const { command: done } = await rest.expect<{ command: CommandBody }>(200, 'POST', path, { value });
    assert.equal(done.status, 'executed');
    assert.equal((await rest.widget(id, 'power')).value, value);
  };
  await command('ON');
  await device.said(/HIGH|LED on/);

  // The server goes, and comes back: so does the device, with what it has measured meanwhile.
  const before = device.lines.length;
  const ports = Object.entries(server.ports).map(([name, port]) => [
    `${name.toUpperCase()}_PORT`,
    String(port),
  ]);
  await server.stop();
  await device.said('not connected', before);
  await server.restartWith(Object.fromEntries(ports));
  await rest.logIn();
  await device.said('connected with the secret', before);
  await command('OFF');
  const { readings } = await rest.expect<{ readings: { seq: number }[] }>(
    200,
    'GET',
    `/api/widgets/${(await rest.widget(id, sensor)).widget_id}/readings?limit=200`,
  );
  assert.equal(new Set(readings.map(({ seq }) => seq)).size, readings.length, 'each is stored once');

  // It is cut off: its will tells so. Started anew, it has its secret.
  const { lines } = device;
  await device.end('SIGKILL');
  await has('link', /^lost$/);
  device = start();
  await device.said('connected with the secret');
  await has('link', /^up$/);
  assert.ok(!device.lines.some((line) => line.includes('enrolment token')), 'it has enrolled once more');
  assert.deepEqual(
    [...lines, ...device.lines].filter((line) => line.includes('refused:')),
    [],
  );
}
