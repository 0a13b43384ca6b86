import { useMemo, useState } from 'preact/hooks';
import { type EnrolmentLine, shellLines } from '../../state/enrolment.ts';
import { SYSTEM, seldom } from '../../state/index.ts';
import { useText, useWanted } from '../../ui/context.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Loading, Notice } from '../../ui/feedback.tsx';

/** An id that nobody has yet. */
function freshId(): string {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return `demo-${number.toString(16).padStart(8, '0').slice(0, 5)}`;
}

const baseUrl = () => new URL('.', location.href).href.replace(/\/$/, '');

/** Lines that register a device with this very token and send a reading. */
export function Terminal({ line }: { line: EnrolmentLine }) {
  const words = useText().devices.enrol;
  const { value: system, failure } = useWanted(seldom(SYSTEM, 60_000));
  const [deviceId] = useState(freshId);
  const plainPort = system?.listeners.mqtt ?? null;
  const lines = useMemo(
    () => shellLines(line, { hostname: location.hostname, baseUrl: baseUrl(), plainPort }, deviceId),
    [line, plainPort, deviceId],
  );
  if (lines === null) {
    if (system === null && failure === null) return <Loading />;
    return <Notice tone="warn">{words.noListener}</Notice>;
  }
  return (
    <section class="terminal">
      <h3>{words.terminal}</h3>
      <p class="muted">{words.terminalHint}</p>
      <ol>
        {lines.trust !== null && (
          <li>
            <p>{words.trust}</p>
            <Copyable label={words.trust}>{lines.trust}</Copyable>
          </li>
        )}
        <li>
          <p>{words.register}</p>
          <Copyable label={words.register}>{lines.register}</Copyable>
        </li>
        <li>
          <p>{words.publish}</p>
          <Copyable label={words.publish}>{lines.publish}</Copyable>
        </li>
      </ol>
    </section>
  );
}
