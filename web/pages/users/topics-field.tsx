import { useId, useRef } from 'preact/hooks';
import { filtersOf, lineFaults, MOST_FILTERS, spanOfLine } from '../../state/topic-lines.ts';
import { useFormat, useText } from '../../ui/context.ts';

interface TopicsFieldProps {
  label: string;
  value: string;
  onInput(value: string): void;
}

/** Topic filters, one a line. What is wrong with a line is told below, and leads to it. */
export function TopicsField({ label, value, onInput }: TopicsFieldProps) {
  const text = useText();
  const format = useFormat();
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const faults = lineFaults(value);
  const tooMany = filtersOf(value).length > MOST_FILTERS;
  const goTo = (line: number) => {
    const { start, end } = spanOfLine(value, line);
    area.current?.focus();
    area.current?.setSelectionRange(start, end);
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        ref={area}
        id={id}
        rows={4}
        value={value}
        spellcheck={false}
        autocapitalize="none"
        aria-invalid={faults.length > 0 || tooMany}
        aria-describedby={`${id}-faults`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <div id={`${id}-faults`} class="line-faults" aria-live="polite">
        {tooMany && <p class="notice bad">{text.users.tooManyFilters(format.number(MOST_FILTERS))}</p>}
        {faults.map(({ line, fault }) => (
          <button key={line} type="button" onClick={() => goTo(line)}>
            {text.users.lineFault(format.number(line), text.users.faults[fault])}
          </button>
        ))}
      </div>
    </div>
  );
}
