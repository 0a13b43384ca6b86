import type { Device } from '../../client/index.ts';
import type { Failure } from '../../state/index.ts';
import { useFormat, useNow, useText } from '../../ui/context.ts';
import { failureText, Notice } from '../../ui/feedback.tsx';
import { Icon } from '../../ui/icon.tsx';

/** PAIR_TIMEOUT of the server, unless it was told another. */
const TIMEOUT_S = 30;

/** What the server and the device are at, as far as it is known here. */
export function PairWaiting({ withKey, since }: { withKey: boolean; since: number }) {
  const text = useText().devices.pairing;
  const format = useFormat();
  const now = useNow(500);
  const passed = Math.max(0, Math.floor((now - since) / 1000));
  return (
    <>
      <div role="status">
        <ol class="pair-steps">
          <li class="pair-step is-done">
            <Icon name="check" />
            <span>{withKey ? text.askedKey : text.asked}</span>
          </li>
          {withKey && (
            <li class="pair-step">
              <span class="spinner" aria-hidden="true" />
              <span>{text.waiting}</span>
            </li>
          )}
        </ol>
      </div>
      {withKey && (
        <div class="pair-time">
          <progress max={TIMEOUT_S} value={Math.min(passed, TIMEOUT_S)} aria-label={text.waiting} />
          <span role="timer">{text.waitingFor(format.number(passed), format.number(TIMEOUT_S))}</span>
        </div>
      )}
    </>
  );
}

/** What the server puts before the device's own words. */
const PREFIX = 'the device refused: ';

interface PairFailedProps {
  failure: Failure;
  device: Device;
  onAgain(): void;
  onBack(): void;
}

export function PairFailed({ failure, device, onAgain, onBack }: PairFailedProps) {
  const text = useText();
  const words = text.devices.pairing;
  const advice = (words.todo as Record<string, { what: string; todo: string } | undefined>)[failure.code];
  const said = failure.code === 'PAIR_REJECTED' ? failure.text.replace(PREFIX, '') : '';
  return (
    <>
      <Notice tone="bad">
        <strong>{words.failed}.</strong> {advice?.what ?? failureText(text, failure)}
        {said !== '' && <p>{words.deviceSays(said)}</p>}
      </Notice>
      {advice && <p>{advice.todo}</p>}
      <p class="muted" role="status">
        {device.connected ? words.nowOnline : words.nowOffline}
      </p>
      <div class="form-end">
        <button type="button" class="button" onClick={onBack}>
          {words.back}
        </button>
        <button type="button" class="button primary" onClick={onAgain}>
          <Icon name="refresh" size={18} />
          {text.common.tryAgain}
        </button>
      </div>
    </>
  );
}
