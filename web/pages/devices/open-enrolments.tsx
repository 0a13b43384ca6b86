import type { Enrolment } from '../../client/index.ts';
import { ENROLMENTS, ROOMS } from '../../state/index.ts';
import { useAction } from '../../ui/action.ts';
import { useFormat, useNow, useText, useWanted } from '../../ui/context.ts';
import { FailureNotice, Loading } from '../../ui/feedback.tsx';

const isOpen = ({ max_uses, uses, expires_at }: Enrolment, now: number) =>
  Date.parse(expires_at) > now && (max_uses === null || uses < max_uses);

/** Enrolments that still let somebody in, without their tokens, which were told once. */
export function OpenEnrolments() {
  const text = useText().devices.enrol;
  const now = useNow(1000);
  const { value, failure } = useWanted(ENROLMENTS);
  const open = value?.filter((enrolment) => isOpen(enrolment, now)) ?? [];
  return (
    <section class="enrolments">
      <h3>{text.listTitle}</h3>
      <FailureNotice failure={failure} />
      {value === null && failure === null && <Loading />}
      {value !== null && open.length === 0 && <p class="muted">{text.listNone}</p>}
      {open.length > 0 && (
        <ul>
          {open.map((enrolment) => (
            <Open key={enrolment.id} enrolment={enrolment} now={now} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Open({ enrolment, now }: { enrolment: Enrolment; now: number }) {
  const text = useText();
  const words = text.devices.enrol;
  const format = useFormat();
  const { run, busy, failure } = useAction();
  const { id, uses, max_uses, expires_at, room_id, created_by } = enrolment;
  const room = useWanted(ROOMS).value?.find((known) => known.id === room_id);
  const used =
    max_uses === null
      ? words.usesNoLimit(format.number(uses))
      : words.uses(format.number(uses), format.number(max_uses));
  const end = () => run((client) => client.call('DELETE /api/enrollments/{id}', { params: { id } }));
  return (
    <li>
      <div class="enrolment-told">
        <p>
          <strong>{words.number(String(id))}</strong> · {room?.name ?? text.common.noRoom} · {used}
        </p>
        <p class="muted">
          {words.expires(format.span(Date.parse(expires_at) - now))} · {words.by(created_by)}
        </p>
      </div>
      <button
        type="button"
        class="button"
        aria-label={words.endLabel(String(id))}
        disabled={busy}
        onClick={() => void end()}
      >
        {words.end}
      </button>
      <FailureNotice failure={failure} />
    </li>
  );
}
