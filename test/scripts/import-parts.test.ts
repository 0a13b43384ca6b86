import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { formatMicros } from '../../db/domain/time.ts';
import { findColumns } from '../../scripts/import/columns.ts';
import { progressLine } from '../../scripts/import/progress.ts';
import { createRowReader, encodeRow, type RowOptions } from '../../scripts/import/rows.ts';
import { type Answer, createSender } from '../../scripts/import/sender.ts';
import { delimiterOf, openTable } from '../../scripts/import/table.ts';
import { createTimes } from '../../scripts/import/times.ts';
import { AwayError } from '../../scripts/operator/exchange.ts';
import type { LocalServer } from '../../scripts/operator/local-server.ts';
import { createProgressLine } from '../../scripts/operator/progress-line.ts';

async function linesOf(t: TestContext, content: string | Buffer) {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'file.csv');
  writeFileSync(file, content);
  const lines: [number, ...string[]][] = [];
  for await (const { number, cells } of openTable(file, new AbortController().signal).lines) {
    lines.push([number, ...cells]);
  }
  return lines;
}

void test('a table has the lines of its file, whatever marks, ends and delimiters it has', async (t) => {
  const quoted = '"two\r\nlines","say ""hi"", then go"';
  assert.deepEqual(await linesOf(t, `\ufeffa,b\r\n1,2\n${quoted}\r\n\r\n5,é`), [
    [1, 'a', 'b'],
    [2, '1', '2'],
    [3, 'two\r\nlines', 'say "hi", then go'],
    [6, '5', 'é'],
  ]);
  const two = [
    [1, 'a,x', 'b'],
    [2, '1', '2'],
  ];
  assert.deepEqual(await linesOf(t, '"a,x";b\r1;2\r'), two);
  assert.deepEqual(await linesOf(t, gzipSync('"a,x"\tb\n1\t2\n')), two);
  assert.deepEqual(await linesOf(t, Buffer.from('\ufeff"a,x";b\n1;2\n', 'utf16le')), two);
  assert.deepEqual(await linesOf(t, ''), []);
  assert.equal(delimiterOf(Buffer.from('"a;b;c",d\n1;2;3;4')), ',');
});

void test('a quote that is never closed, and a file that is cut off, are told with the line', async (t) => {
  await assert.rejects(
    linesOf(t, `a,b\n1,2\n3,"4\n${'5,6\n'.repeat(10)}`),
    /^Error: line 3: a quote is opened/,
  );
  await assert.rejects(linesOf(t, `a,b\n1,"${'2\n'.repeat(2_000_000)}`), /^Error: line 2: a quote is opened/);
  const packed = gzipSync('a,b\n1,2\n');
  await assert.rejects(linesOf(t, packed.subarray(0, packed.length - 9)), /cannot be unpacked/);
});

void test('times are read as exports write them', () => {
  const utc = createTimes(null);
  const cases: [string, string][] = [
    ['2025-03-01T12:00:00Z', '2025-03-01T12:00:00.000Z'],
    ['2025-03-01T12:00:00.123456+00:00', '2025-03-01T12:00:00.123456Z'],
    ['2025-03-01 12:00:00.5+01', '2025-03-01T11:00:00.500Z'],
    ['2025-03-01 12:00:00 +0530', '2025-03-01T06:30:00.000Z'],
    ['2025-03-01 12:00 UTC', '2025-03-01T12:00:00.000Z'],
    ['1740830400', '2025-03-01T12:00:00.000Z'],
    ['1740830400.123456789', '2025-03-01T12:00:00.123456Z'],
    [' 1740830400123 ', '2025-03-01T12:00:00.123Z'],
    ['1740830400123.4', '2025-03-01T12:00:00.123400Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
  ];
  for (const [text, expected] of cases) assert.equal(formatMicros(utc(text), true), expected, text);
  for (const text of [
    '',
    'soon',
    '2025-02-30T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '9999999999999999',
    '-5',
    '2201-01-01T00:00Z',
  ]) {
    assert.throws(() => utc(text), /is no time of the years 1970 to 2200/, text);
  }
  assert.throws(() => utc('2025-03-01 12:00:00'), /^Error: 2025.*tell the zone with --time-zone/);
});

void test('local times follow the clocks of their zone, as they are put forward and back too', () => {
  const berlin = createTimes('Europe/Berlin');
  const cases: [string, string][] = [
    ['2025-01-15 12:00:00', '2025-01-15T11:00:00.000Z'],
    ['2025-07-15 12:00:00.25', '2025-07-15T10:00:00.250Z'],
    ['2025-07-15', '2025-07-14T22:00:00.000Z'],
    ['2025-07-15T12:00:00Z', '2025-07-15T12:00:00.000Z'],
    // There was no such time.
    ['2025-03-30 02:30:00', '2025-03-30T01:30:00.000Z'],
    ['2025-03-30 03:00:00', '2025-03-30T01:00:00.000Z'],
    // It was twice.
    ['2025-10-26 02:30:00', '2025-10-26T00:30:00.000Z'],
    ['2025-10-26 03:00:00', '2025-10-26T02:00:00.000Z'],
  ];
  for (const [text, expected] of cases) assert.equal(formatMicros(berlin(text), true), expected, text);
  const kathmandu = createTimes('Asia/Kathmandu');
  assert.equal(formatMicros(kathmandu('2025-03-01 12:00:00')), '2025-03-01T06:15:00.000Z');
});

const NONE: RowOptions = { device: undefined, capability: undefined, control: undefined, unit: undefined };
const reader = (header: string, options: Partial<RowOptions> = {}) => {
  const all = { ...NONE, ...options };
  const read = createRowReader(findColumns(header.split(','), all), all, createTimes(null));
  return (line: string) => read(line.split(','));
};

void test('columns are found by any of their names, and what lacks is told', () => {
  const { place } = findColumns(['Last_Changed', ' STATE ', 'Entity_ID', 'x'], { ...NONE, device: 'home' });
  assert.deepEqual([place.at, place.value, place.capability, place.device], [0, 1, 2, undefined]);
  assert.throws(
    () => findColumns(['ts', 'value', 'key'], NONE),
    /no column device_id, device, or --device; its/,
  );
  assert.throws(() => findColumns(['value', 'key', 'device'], NONE), /no column at, timestamp, time, /);
});

void test('values are numbers, booleans or text, by their look or by what the file says', () => {
  const guess = reader('ts,value', { device: 'd', capability: 'c' });
  for (const [text, value] of [
    ['21.5', 21.5],
    [' 1e3 ', 1000],
    ['true', true],
    ['on', 'on'],
    ['007', '007'],
    ['1e999', '1e999'],
    ['unknown', 'unknown'],
  ] as const) {
    assert.equal(guess(`1,${text}`)?.value, value, text);
  }
  assert.equal(guess('1, '), null);
  const told = reader('ts,value,type', { device: 'd', capability: 'c' });
  assert.equal(told('1,25.5,text')?.value, '25.5');
  assert.equal(told('1,,text')?.value, '');
  assert.equal(told('1,True,boolean')?.value, true);
  const zero = told('1,-0,number');
  assert.ok(zero && encodeRow(zero).endsWith(',"value":-0}'));
  assert.throws(() => told('1,warm,number'), /^ReadingRefused: "warm" is no number/);
  assert.throws(() => told('1,1,float'), /type must be number, boolean or text, not "float"/);
  assert.throws(() => told('1,1'), /it has 2 columns, and the first line has 3/);
});

void test('the states of Home Assistant need nothing but a device; those that tell of no value are left out', () => {
  const read = reader('entity_id,state,last_changed', { device: 'home' });
  assert.deepEqual(read('sensor.kitchen,21.5,2025-03-01T12:00:00.000Z'), {
    device_id: 'home',
    capability_type: 'sensor.kitchen',
    control_type: undefined,
    unit: undefined,
    at: '2025-03-01T12:00:00.000Z',
    seq: undefined,
    value: 21.5,
  });
  for (const state of ['unavailable', 'unknown', '']) assert.equal(read(`light.hall,${state},1`), null);
  assert.equal(read('light.\u0007hall,on,1')?.capability_type, 'light._hall');
});

void test('our own export comes back as it was: names with spaces, guarded text', () => {
  const header = 'at,device_id,capability_type,control_type,unit,type,seq,value';
  const read = reader(header);
  assert.equal(read("1,d,c,sensor,,text,0,'=1+1")?.value, '=1+1');
  assert.equal(read("1,d,c,sensor,,text,0,''=1+1")?.value, "'=1+1");
  assert.equal(read("1,d,c,sensor,,text,0,'tis")?.value, "'tis");
  assert.equal(read("1,'-d,' c,sensor, %,number,7,1")?.device_id, '-d');
  assert.equal(read('1,d, c,sensor, %,number,7,1')?.unit, ' %');
  assert.equal(reader('ts,device,key,value')("1,d,c,'=1")?.value, "'=1");
});

const OK: Answer = { stored: 1, known: 0, refused_total: 0, refused: [] };

function sender(answer: (body: string) => Promise<Answer>, patienceMs: number) {
  const told: string[] = [];
  const lines: number[] = [];
  const server = {
    call: (_method: string, _path: string, _field: string, body: string) => answer(body),
  } as unknown as LocalServer;
  const made = createSender({
    ...{ server, create: false, signal: new AbortController().signal, patienceMs },
    onAnswer: (_answer, about) => lines.push(...about),
    onAway: (why) => told.push(why),
  });
  return { ...made, told, lines };
}

void test('requests hold what the server takes, and tell which lines they are about', async () => {
  const sizes: [number, number][] = [];
  const { add, flush, lines } = sender(async (body) => {
    sizes.push([(JSON.parse(body) as { readings: [] }).readings.length, Buffer.byteLength(body)]);
    return OK;
  }, 0);
  for (let line = 2; line < 6002; line++) await add('{}', line);
  for (let line = 6002; line < 6502; line++) await add(JSON.stringify('é'.repeat(4096)), line);
  await flush();
  await flush();
  assert.deepEqual(sizes[0]?.[0], 5000);
  assert.ok(sizes.length === 3 && sizes.every(([, bytes]) => bytes <= 2 * 1024 * 1024));
  assert.deepEqual([lines.length, lines[0], lines.at(-1)], [6500, 2, 6501]);
});

void test('a server that is away is asked again for a while, and one that refuses is not', async () => {
  let asked = 0;
  const later = sender(async () => {
    if (++asked < 3) throw new AwayError('no server answers');
    return OK;
  }, 10_000);
  await later.add('{}', 2);
  await later.flush();
  assert.deepEqual([asked, later.told, later.lines], [3, ['no server answers'], [2]]);

  const never = sender(() => Promise.reject(new AwayError('no server answers')), 100);
  await never.add('{}', 2);
  await assert.rejects(never.flush(), /no server answers/);

  asked = 0;
  const refusing = sender(() => {
    asked++;
    return Promise.reject(new Error('not for you'));
  }, 10_000);
  await refusing.add('{}', 2);
  await assert.rejects(refusing.flush(), /not for you/);
  assert.equal(asked, 1);
});

void test('progress tells the part, the pace and the time left; on a terminal in one line', () => {
  assert.equal(
    progressLine({ rows: 1_234_567, fraction: 0.25 }, 10_000),
    '25 % · 1,234,567 rows · 123,457 rows/s · 30 s left',
  );
  assert.equal(progressLine({ rows: 10, fraction: null }, 1000), '10 rows · 10 rows/s');
  const written: string[] = [];
  const screen = { isTTY: true, write: (text: string) => written.push(text) };
  const progress = createProgressLine(screen, () => progressLine({ rows: 0, fraction: 0 }, 0));
  progress.note('a line');
  progress.stop();
  assert.deepEqual(written, ['\r\u001b[K', 'a line\n', '\r\u001b[K']);
});
