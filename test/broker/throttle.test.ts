import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { PaceBook } from '../../broker/engine/pace.ts';
import { Throttle } from '../../broker/engine/throttle.ts';
import type { EngineClient } from '../../broker/engine/types.ts';
import { IntakeGate } from '../../broker/gate.ts';

void test('who has gone while the gate was closed is not kept until it opens', () => {
  let saturated = true;
  const gate = new IntakeGate(() => saturated);
  const paces = new PaceBook({ packetsPerSecond: 10, bytesPerSecond: 1000 });
  const resumed: string[] = [];
  const arrive = (id: string) => {
    const conn = new EventEmitter();
    const throttle = new Throttle({ id, conn, _parsingBatch: 0 } as unknown as EngineClient, {
      gate: { closed: () => gate.closed(), wait: (go) => gate.wait(go), leave: (go) => gate.leave(go) },
      paces,
      now: () => 0,
      onLimit: () => {},
      onRoom: () => resumed.push(id),
    });
    assert.equal(throttle.mayBegin(), false);
    return conn;
  };
  const gone = arrive('gone');
  arrive('patient');
  gone.emit('close');
  saturated = false;
  gate.open();
  assert.deepEqual(resumed, ['patient']);
});
