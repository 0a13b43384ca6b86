import { useEffect, useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { type EnrolmentLine, fingerprint, readLine } from '../../state/enrolment.ts';
import { ENROLMENTS } from '../../state/index.ts';
import { useCore, useFormat, useNow, useText, useWanted } from '../../ui/context.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Notice } from '../../ui/feedback.tsx';
import { Arrived } from './arrived.tsx';
import type { Made } from './asked.ts';
import { QrCode } from './qr-code.tsx';
import { Terminal } from './terminal.tsx';

/** Somebody waits for the device to come in. */
const HURRY_MS = 20_000;

interface EnrolMadeProps {
  made: Made;
  onPair(device: Device): void;
  onAnother(): void;
  onClose(): void;
}

export function EnrolMade({ made, onPair, onAnother, onClose }: EnrolMadeProps) {
  const words = useText().devices.enrol;
  const { poller } = useCore();
  const [line] = useState(() => readLine(made.line));
  useEffect(() => {
    poller.hurry();
    const timer = setInterval(() => poller.hurry(), HURRY_MS);
    return () => clearInterval(timer);
  }, [poller]);
  return (
    <>
      <Arrived onPair={onPair} />
      <div class="enrol-made">
        <div class="enrol-code">
          <QrCode label={words.qrLabel}>{made.line}</QrCode>
          <Validity made={made} />
        </div>
        <Told line={line} whole={made.line} />
      </div>
      <Terminal line={line} />
      <div class="form-end">
        <button type="button" class="button" onClick={onAnother}>
          {words.another}
        </button>
        <button type="button" class="button primary" onClick={onClose}>
          {words.done}
        </button>
      </div>
    </>
  );
}

/** "1 day", not "23 hours", for a day that has only just begun. */
const toldOf = (left: number) => (left > 120_000 ? left + 60_000 : left);

/** How long it still opens the door, and for how many. */
function Validity({ made }: { made: Made }) {
  const words = useText().devices.enrol;
  const format = useFormat();
  const left = Date.parse(made.expires_at) - useNow(1000);
  const enrolment = useWanted(ENROLMENTS).value?.find(({ id }) => id === made.id);
  if (left <= 0) return <Notice tone="bad">{words.expired}</Notice>;
  return (
    <p class="muted">
      <span role="timer">{words.expires(format.span(toldOf(left)))}</span>
      {enrolment !== undefined && (
        <>
          <br />
          {enrolment.max_uses === null
            ? words.usesNoLimit(format.number(enrolment.uses))
            : words.uses(format.number(enrolment.uses), format.number(enrolment.max_uses))}
        </>
      )}
    </p>
  );
}

function Fingerprint({ hex }: { hex: string }) {
  const bytes = fingerprint(hex).split(/(?<=:)/);
  return (
    <p>
      <code>{bytes.map((byte, index) => [index > 0 && <wbr />, byte])}</code>
    </p>
  );
}

function Told({ line, whole }: { line: EnrolmentLine; whole: string }) {
  const words = useText().devices.enrol;
  const { urls, ca_sha256, ca_next_sha256, token } = line;
  return (
    <div class="enrol-told">
      <p>
        {words.scan} {words.once}
      </p>
      <h3>{words.token}</h3>
      <Copyable label={words.token}>{token}</Copyable>
      <h3>{words.addresses}</h3>
      {urls.length === 0 ? (
        <Notice tone="warn">{words.noAddress}</Notice>
      ) : (
        <ul class="addresses">
          {urls.map((url) => (
            <li key={url}>
              <code>{url}</code>
            </li>
          ))}
        </ul>
      )}
      <h3>{words.fingerprint}</h3>
      {ca_sha256 === null ? <p>{words.systemTrust}</p> : <Fingerprint hex={ca_sha256} />}
      {ca_next_sha256 !== undefined && (
        <>
          <h3>{words.nextFingerprint}</h3>
          <Fingerprint hex={ca_next_sha256} />
        </>
      )}
      <details>
        <summary>{words.line}</summary>
        <Copyable label={words.line}>{whole}</Copyable>
      </details>
    </div>
  );
}
