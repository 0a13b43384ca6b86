import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Widget } from '../../web/client/index.ts';
import { type CommandValue, isOn, shownOf, switched } from '../../web/state/index.ts';
import { type AppEvent, initialState, type State } from '../../web/state/model.ts';
import { reduce } from '../../web/state/reduce.ts';
import { widgetsIn } from '../../web/state/told-widgets.ts';

const NONE = null as Widget['pending'];
const pending = (value: CommandValue, command_id: number) => ({ value, command_id, since: '' });

const widgetOf = (value: CommandValue | null, more: Partial<Widget> = {}): Widget => ({
  widget_id: 1,
  name: 'Power',
  order: 0,
  status: 'include',
  value,
  value_at: null,
  pending: NONE,
  unit: null,
  min: null,
  max: null,
  options: null,
  device: { device_id: 'lamp', device_name: 'Lamp', status: 'online' },
  capability: { capability_type: 'power', control_type: 'toggle' },
  room_id: 1,
  ...more,
});
const OFFLINE: Partial<Widget> = { device: { device_id: 'lamp', device_name: 'Lamp', status: 'offline' } };

const after = (...events: AppEvent[]): State => events.reduce(reduce, initialState(null));
const room = (request: number, ...widgets: Widget[]): AppEvent => ({
  kind: 'answered',
  key: 'room',
  value: { widgets },
  request,
});
const device = (request: number, ...widgets: Widget[]): AppEvent => ({
  kind: 'answered',
  key: 'device',
  value: { device_id: 'lamp', widgets },
  request,
});
const given = (ticket: number, value: CommandValue): AppEvent => ({
  kind: 'command_given',
  widgetId: 1,
  ticket,
  value,
});
const told = (
  ticket: number,
  phase: Extract<AppEvent, { kind: 'command_told' }>['phase'],
  more: { commandId?: number; obeyed?: CommandValue; lastRequest?: number } = {},
): AppEvent => {
  const { commandId = ticket, obeyed = null, lastRequest = 1 } = more;
  return { kind: 'command_told', widgetId: 1, ticket, phase, commandId, obeyed, failure: null, lastRequest };
};
const widgetIn = (state: State, key: string) => {
  const [widget] = widgetsIn(state.resources.get(key)?.value);
  assert.ok(widget);
  return widget;
};
const shownIn = (state: State, key = 'room') => shownOf(widgetIn(state, key), state.commands.get(1));

void test('without a command of this app the device tells, or what another app has asked for', () => {
  assert.deepEqual(shownOf(widgetOf('OFF'), undefined), { value: 'OFF', waiting: null, fault: null });
  const asked = { pending: pending('ON', 3) };
  assert.deepEqual(shownOf(widgetOf('OFF', asked), undefined), { value: 'ON', waiting: 'sent', fault: null });
  assert.equal(shownOf(widgetOf('OFF', { ...asked, ...OFFLINE }), undefined).waiting, 'queued');
});

void test('what was asked for is shown until it has ended, whatever the answers of before say', () => {
  const open = after(room(1, widgetOf('OFF')), given(1, 'ON'));
  assert.deepEqual(shownIn(open), { value: 'ON', waiting: 'sending', fault: null });
  const executed = [told(1, 'executed', { obeyed: 'ON', lastRequest: 2 }), room(2, widgetOf('OFF'))];
  const done = executed.reduce(reduce, open);
  assert.deepEqual(shownIn(done), { value: 'ON', waiting: null, fault: null });
  const fresh = reduce(done, room(3, widgetOf('OFF')));
  assert.deepEqual(shownIn(fresh), { value: 'OFF', waiting: null, fault: null });
  assert.equal(fresh.commands.size, 0);
});

void test('a refusal is told at once, and an answer of before that still waits for it is not believed', () => {
  const refused = after(
    room(1, widgetOf('OFF', { pending: pending('ON', 1) })),
    given(1, 'ON'),
    told(1, 'rejected'),
  );
  const { value, waiting, fault } = shownIn(refused);
  assert.deepEqual([value, waiting, fault?.phase, fault?.asked], ['OFF', null, 'rejected', 'ON']);
  const read = reduce(refused, { kind: 'command_dismissed', widgetId: 1 });
  assert.deepEqual(shownIn(read), { value: 'OFF', waiting: null, fault: null });
  assert.equal(reduce(read, room(2, widgetOf('OFF'))).commands.size, 0);
});

void test('a bad end stays until it is read, however often the server is asked', () => {
  const ended = after(
    given(1, 'ON'),
    told(1, 'timed_out'),
    room(2, widgetOf('OFF')),
    room(3, widgetOf('OFF')),
  );
  assert.equal(shownIn(ended).fault?.phase, 'timed_out');
});

void test('nothing that is under way or went well can be dismissed', () => {
  const dismissal: AppEvent = { kind: 'command_dismissed', widgetId: 1 };
  const open = after(given(1, 'ON'));
  assert.ok(reduce(open, dismissal) === open);
  const done = reduce(open, told(1, 'executed', { obeyed: 'ON' }));
  assert.ok(reduce(done, dismissal) === done);
});

void test('a command that fails goes back to what was obeyed before it, not to what was known before that', () => {
  const failed = after(
    room(1, widgetOf(10)),
    given(1, 50),
    told(1, 'executed', { obeyed: 50, lastRequest: 1 }),
    given(2, 70),
    told(2, 'rejected', { lastRequest: 1 }),
  );
  assert.equal(shownIn(failed).value, 50);
  assert.equal(shownIn(reduce(failed, room(2, widgetOf(49)))).value, 49);
});

void test('a device that obeys the later command and forgets the earlier one is not waited for', () => {
  const forgetful = after(
    given(1, 50),
    told(1, 'sent'),
    given(2, 70),
    told(2, 'executed', { obeyed: 70, lastRequest: 1 }),
    room(2, widgetOf(70, { pending: pending(50, 1) })),
    room(3, widgetOf(70, { pending: pending(50, 1) })),
  );
  assert.deepEqual(shownIn(forgetful), { value: 70, waiting: null, fault: null });
  const other = reduce(forgetful, room(4, widgetOf(70, { pending: pending(90, 3) })));
  assert.deepEqual(shownIn(other), { value: 90, waiting: 'sent', fault: null });
  const again = reduce(other, room(5, widgetOf(70, { pending: pending(50, 1) })));
  assert.deepEqual(shownIn(again), { value: 70, waiting: null, fault: null });
  assert.equal(reduce(again, room(6, widgetOf(70))).commands.size, 0);
});

void test('the end of an earlier command is not that of a later one', () => {
  const later = after(room(1, widgetOf('OFF')), given(1, 'ON'), given(2, 'OFF'));
  for (const phase of ['executed', 'rejected', 'failed'] as const) {
    const state = reduce(later, told(1, phase, { ...(phase === 'executed' && { obeyed: 'ON' }) }));
    assert.deepEqual(shownIn(state), { value: 'OFF', waiting: 'sending', fault: null });
  }
});

void test('of a widget that two pages show the latest answer counts on both', () => {
  const both = after(room(1, widgetOf('OFF')), device(2, widgetOf('ON')));
  assert.ok(widgetIn(both, 'room') === widgetIn(both, 'device'));
  assert.equal(shownIn(both, 'room').value, 'ON');
  const late = after(device(2, widgetOf('ON')), room(1, widgetOf('OFF')));
  assert.equal(shownIn(late, 'room').value, 'ON');
  assert.equal(shownIn(reduce(late, room(3, widgetOf('OFF'))), 'device').value, 'OFF');
});

void test('devices say "on" in several ways, and are answered in theirs', () => {
  const ways: [CommandValue, CommandValue][] = [
    [true, false],
    [1, 0],
    ['ON', 'OFF'],
    ['on', 'off'],
    ['true', 'false'],
    ['1', '0'],
  ];
  for (const [on, off] of ways) {
    assert.equal(isOn(on), true);
    assert.equal(isOn(off), false);
    for (const value of [on, off]) {
      assert.equal(switched(value, true), on);
      assert.equal(switched(value, false), off);
    }
  }
  assert.equal(isOn(null), false);
  assert.equal(switched(null, true), 'ON');
  assert.equal(switched('dimmed', false), 'OFF');
});
