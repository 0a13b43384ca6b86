import { useEffect, useRef, useState } from 'preact/hooks';
import { useText } from './context.ts';
import { Icon } from './icon.tsx';

const SHOWN_MS = 2000;

/** Text that is to be taken elsewhere. Where the browser gives no clipboard (plain HTTP), it is selected instead. */
export function Copyable({ label, children }: { label: string; children: string }) {
  const text = useText();
  const [state, setState] = useState<'idle' | 'copied' | 'selected'>('idle');
  const code = useRef<HTMLElement>(null);
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const select = () => {
    if (code.current !== null) getSelection()?.selectAllChildren(code.current);
    setState('selected');
  };
  const copy = () => {
    if (navigator.clipboard === undefined) select();
    else navigator.clipboard.writeText(children).then(() => setState('copied'), select);
  };
  return (
    <div class="copyable">
      <pre>
        <code ref={code}>{children}</code>
      </pre>
      <button type="button" class="button small" onClick={copy}>
        <Icon name={state === 'copied' ? 'check' : 'copy'} size={16} />
        <span aria-live="polite">
          {state === 'copied'
            ? text.common.copied
            : state === 'selected'
              ? text.common.selected
              : text.common.copy}
          <span class="visually-hidden">: {label}</span>
        </span>
      </button>
    </div>
  );
}
