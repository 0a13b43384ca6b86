import { useId, useState } from 'preact/hooks';
import { SHORTEST_MS, type Span } from '../../state/history-range.ts';
import { useText } from '../../ui/context.ts';
import { FormDialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/feedback.tsx';

interface RangeDialogProps {
  span: Span;
  onClose(): void;
  onChoose(span: Span): void;
}

/** As a field of the browser has it: the local time, without its zone. */
function localOf(at: number): string {
  const shifted = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** A time with both its ends, in the time zone of whoever looks. */
export function RangeDialog({ span, onClose, onChoose }: RangeDialogProps) {
  const text = useText();
  const id = useId();
  const [from, setFrom] = useState(localOf(span.from));
  const [to, setTo] = useState(localOf(span.to));
  const [problem, setProblem] = useState('');
  const choose = () => {
    const begin = new Date(from).getTime();
    const end = Math.min(new Date(to).getTime(), Date.now());
    if (begin > Date.now()) setProblem(text.widget.future);
    else if (!(end - begin >= SHORTEST_MS)) setProblem(text.widget.wrongOrder);
    else onChoose({ from: begin, to: end });
  };
  const field = (name: string, label: string, value: string, onInput: (value: string) => void) => (
    <div class="field">
      <label for={`${id}-${name}`}>{label}</label>
      <input
        id={`${id}-${name}`}
        type="datetime-local"
        value={value}
        min="1970-01-02T00:00"
        required
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
  return (
    <FormDialog
      title={text.widget.customTitle}
      submit={text.widget.show}
      busy={false}
      failure={null}
      onClose={onClose}
      onSubmit={choose}
    >
      {field('from', text.widget.from, from, setFrom)}
      {field('to', text.widget.to, to, setTo)}
      {problem !== '' && <Notice tone="bad">{problem}</Notice>}
    </FormDialog>
  );
}
