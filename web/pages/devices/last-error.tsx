import { useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { refusalCode, rightPayload } from '../../state/refusal-help.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Ago } from '../../ui/feedback.tsx';

/** What the device did wrong last, for whoever writes its firmware. */
export function LastError({ device }: { device: Device }) {
  const text = useText().devices.error;
  const format = useFormat();
  const error = device.last_error ?? null;
  // Taken once: what is being copied does not change under the finger.
  const [now] = useState(() => new Date().toISOString());
  if (error === null) {
    return (
      <section class="panel">
        <h2>{text.title}</h2>
        <p class="muted">{text.none}</p>
      </section>
    );
  }
  const { topic, code, message, timestamp } = error;
  const known = refusalCode(code);
  const right = rightPayload(topic, now);
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{text.title}</h2>
        <span class="badge bad">{code}</span>
      </div>
      <p class="error-words">{message}</p>
      <p>{known === null ? text.help.unknown : text.help[known]}</p>
      <dl class="facts">
        <div>
          <dt>{text.topic}</dt>
          <dd>
            <code>{topic}</code>
          </dd>
        </div>
        <div>
          <dt>{text.when}</dt>
          <dd>
            <Ago at={timestamp} /> <span class="muted">({format.dateTime(timestamp)})</span>
          </dd>
        </div>
      </dl>
      {right !== null && known !== 'FORBIDDEN' && (
        <>
          <p>{text.right}</p>
          <Copyable label={text.right}>{right}</Copyable>
        </>
      )}
      <p class="muted">
        {text.docs} <code>devices/{device.device_id}/errors</code>
      </p>
    </section>
  );
}
