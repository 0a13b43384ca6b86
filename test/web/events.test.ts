import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitName } from '../../db/domain/limits.ts';
import { EVENT_KINDS, FLOWS } from '../../db/domain/ports.ts';
import type { Event } from '../../web/client/index.ts';
import { messages as en } from '../../web/i18n/en.ts';
import { messages as th } from '../../web/i18n/th.ts';
import { ANY_EVENT, filterOf, partsOf, queryOf } from '../../web/state/event-filter.ts';
import { byDay, dayOf, EVENT_GROUPS, groupOf } from '../../web/state/event-groups.ts';
import { freshOf, withFresh, withOlder } from '../../web/state/event-pages.ts';
import { filled, keysOf, sentenceOf } from '../../web/state/event-sentence.ts';

const LANGUAGES = { en, th };

const event = (change: Partial<Event>): Event => ({
  id: 1,
  at: '2026-01-15T10:30:00.000Z',
  kind: 'login',
  actor: 'ada',
  device_id: null,
  room_id: null,
  detail: {},
  ...change,
});

const slotsOf = (template: string) =>
  [...template.matchAll(/\{(\w+)\}/g)].map(([, slot = '']) => slot).sort();

for (const [code, { events, system }] of Object.entries(LANGUAGES)) {
  void test(`${code} has words for each kind of event, and places for nothing else`, () => {
    const sentences: Record<string, string> = events.sentences;
    const known = Object.keys(sentenceOf(event({})).parts);
    const keys = EVENT_KINDS.flatMap(keysOf);
    assert.deepEqual(Object.keys(sentences).sort(), [...keys].sort());
    for (const key of keys) {
      const template = sentences[key] ?? '';
      assert.notEqual(template.trim(), '', key);
      const slots = slotsOf(template);
      assert.deepEqual(
        slots.filter((slot) => !known.includes(slot)),
        [],
        key,
      );
      const english: Record<string, string> = en.events.sentences;
      assert.deepEqual(slots, slotsOf(english[key] ?? ''), `${key} tells of the same in each language`);
    }
  });

  void test(`${code} has words for each limit and each flow`, () => {
    const limits: Record<LimitName, string> = events.limits;
    assert.ok(Object.values(limits).every((words) => words !== ''));
    assert.deepEqual(Object.keys(system.flows).sort(), [...FLOWS].sort());
  });
}

void test('each kind of event is in one group', () => {
  const grouped = Object.values(EVENT_GROUPS).flat();
  assert.deepEqual([...grouped].sort(), [...EVENT_KINDS].sort());
  assert.equal(groupOf('device_paired'), 'devices');
});

void test('an event is told by what it says', () => {
  const keyOf = (change: Partial<Event>) => sentenceOf(event(change)).key;
  const finished = (status: string) => keyOf({ kind: 'command_finished', detail: { status } });
  assert.equal(finished('executed'), 'command_finished.executed');
  assert.equal(finished('timed_out'), 'command_finished.timed_out');
  assert.equal(keyOf({ kind: 'denied', detail: { action: 'connect', why: 'it' } }), 'denied.connect');
  assert.equal(keyOf({ kind: 'denied' }), 'denied.publish', 'the first when it does not say');
  assert.equal(keyOf({ kind: 'pair_rejected', detail: { outcome: 'offline' } }), 'pair_rejected.offline');
  assert.equal(keyOf({ kind: 'history_dropped', detail: { reason: 'disk' } }), 'history_dropped.disk');
  assert.equal(keyOf({ kind: 'disk_low', detail: { state: 'ok' } }), 'disk_low.ok');
  assert.equal(keyOf({ kind: 'certificate_ends', detail: { days: -1 } }), 'certificate_ends.ended');
  assert.equal(keyOf({ kind: 'certificate_ends', detail: { days: 0 } }), 'certificate_ends.soon');
  assert.equal(
    keyOf({ kind: 'device_registered', detail: { imported: true } }),
    'device_registered.imported',
  );
  assert.equal(keyOf({ kind: 'device_unpaired', room_id: 3 }), 'device_unpaired.room');
  assert.equal(keyOf({ kind: 'widget_updated', detail: { status: 'exclude' } }), 'widget_updated.exclude');
  assert.equal(
    keyOf({ kind: 'widget_updated', detail: { name: 'A', status: 'include' } }),
    'widget_updated.renamed',
  );
  assert.equal(keyOf({ kind: 'widget_updated', detail: { order: 3 } }), 'widget_updated.changed');
});

void test('what went wrong is marked, what went well is not', () => {
  const markOf = (change: Partial<Event>) => sentenceOf(event(change)).mark;
  assert.equal(markOf({ kind: 'login' }), null);
  assert.equal(markOf({ kind: 'login_failed' }), 'refused');
  assert.equal(markOf({ kind: 'command_finished', detail: { status: 'executed' } }), 'done');
  assert.equal(markOf({ kind: 'command_finished', detail: { status: 'expired' } }), 'failed');
  assert.equal(markOf({ kind: 'disk_low', detail: { state: 'critical' } }), 'failed');
  assert.equal(markOf({ kind: 'history_dropped', detail: { reason: 'retention' } }), null);
});

void test('a sentence is cut at its places, whatever stands in them', () => {
  const { parts } = sentenceOf(event({ actor: '{room}', device_id: 'lamp', kind: 'device_renamed' }));
  assert.deepEqual(filled('{actor} renamed {device}.', parts), [
    { is: 'actor', name: '{room}' },
    { is: 'text', text: ' renamed ' },
    { is: 'device', id: 'lamp', plain: true },
    { is: 'text', text: '.' },
  ]);
});

void test('events are grouped by the days of whoever looks', () => {
  const at = (day: number, hour: number) => new Date(2026, 0, day, hour).toISOString();
  const days = byDay([
    event({ id: 3, at: at(16, 0) }),
    event({ id: 2, at: at(15, 23) }),
    event({ id: 1, at: at(15, 1) }),
  ]);
  assert.deepEqual(
    days.map(({ day, events }) => [day, events.map(({ id }) => id)]),
    [
      ['2026-01-16', [3]],
      ['2026-01-15', [2, 1]],
    ],
  );
  assert.equal(dayOf(new Date(2026, 8, 5).getTime()), '2026-09-05');
});

void test('what comes while somebody reads is counted, and joined when it is asked for', () => {
  const page = (ids: number[], next_cursor: string | null = null) => ({
    events: ids.map((id) => event({ id })),
    next_cursor,
  });
  const idsOf = ({ events }: ReturnType<typeof page> | ReturnType<typeof withFresh>) =>
    events.map(({ id }) => id);
  const shown = page([3, 2, 1], 'older');
  assert.deepEqual(freshOf(shown, page([3, 2, 1])), { count: 0, orMore: false });
  assert.deepEqual(freshOf(shown, page([5, 4, 3], 'x')), { count: 2, orMore: false });
  const joined = withFresh(shown, page([5, 4, 3], 'x'));
  assert.deepEqual([idsOf(joined), joined.next_cursor], [[5, 4, 3, 2, 1], 'older']);
  // A gap: what lies between is reached from the newest page.
  assert.deepEqual(freshOf(shown, page([9, 8, 7], 'x')), { count: 3, orMore: true });
  const anew = withFresh(shown, page([9, 8, 7], 'x'));
  assert.deepEqual([idsOf(anew), anew.next_cursor], [[9, 8, 7], 'x']);
  assert.deepEqual(idsOf(withOlder(shown, page([0]))), [3, 2, 1, 0]);
});

void test('a filter lives in the address and comes back from it', () => {
  const filter = {
    group: 'commands',
    device: 'a/b ü',
    room: 3,
    person: 'ada',
    from: '2026-01-15',
    to: '2026-01-16',
  } as const;
  assert.deepEqual(filterOf(partsOf(filter)), filter);
  assert.deepEqual(filterOf([]), ANY_EVENT);
  const nonsense = ['group', 'toString', 'room', '1e3', 'from', '2026-02-31', 'device', 'x'.repeat(65), 'to'];
  assert.deepEqual(filterOf(nonsense), ANY_EVENT);
});

void test('a filter asks for whole days of whoever looks', () => {
  const asked = queryOf({ ...ANY_EVENT, group: 'people', from: '2026-01-16', to: '2026-01-15' });
  assert.deepEqual(asked, {
    kind: ['user_created', 'user_updated', 'user_deleted'],
    from: new Date(2026, 0, 15).toISOString(),
    to: new Date(new Date(2026, 0, 17).getTime() - 1).toISOString().replace('Z', '999Z'),
  });
  assert.deepEqual(queryOf(ANY_EVENT), {});
});
