import type { System } from '../../client/index.ts';
import { WARN_DAYS } from '../../state/verdict.ts';
import { useFormat, useText } from '../../ui/context.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Icon } from '../../ui/icon.tsx';

const DAY_MS = 86_400_000;

export function Certificates({ certificates }: Pick<System, 'certificates'>) {
  const text = useText();
  return (
    <section class="panel">
      <div class="flow-head">
        <h2>{text.system.certificatesTitle}</h2>
        <a class="button" href="./api/ca.crt" download="pm-iot-ca.crt">
          <Icon name="download" size={18} />
          {text.system.downloadCa}
        </a>
      </div>
      {certificates.map((certificate) => (
        <Certificate key={certificate.sha256} certificate={certificate} />
      ))}
    </section>
  );
}

function Certificate({ certificate }: { certificate: System['certificates'][number] }) {
  const text = useText();
  const format = useFormat();
  const { name, subject, sha256, expires_at, days_left: days } = certificate;
  const tone = days < 0 ? 'bad' : days < WARN_DAYS ? 'warn' : 'good';
  return (
    <div class="certificate">
      <div class="flow-head">
        <h3>{text.system.certificates[name]}</h3>
        <span class={`badge ${tone}`}>
          <Icon name={tone === 'good' ? 'check' : 'alert'} size={14} />
          {days < 0 ? text.system.ended : text.system.endsIn(format.span(Math.max(1, days) * DAY_MS))}
        </span>
      </div>
      <p class="muted">
        {text.system.certificateHints[name]} {subject} · {text.system.endsOn(format.date(expires_at))}
      </p>
      <p class="certificate-label">{text.system.fingerprint}</p>
      <Copyable label={`${text.system.fingerprint}: ${text.system.certificates[name]}`}>{sha256}</Copyable>
    </div>
  );
}
