import type { ComponentChildren } from 'preact';
import type { Messages } from '../i18n/en.ts';
import type { Failure } from '../state/index.ts';
import { useFormat, useNow, useText } from './context.ts';
import { Icon } from './icon.tsx';

export function Loading() {
  const text = useText();
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      {text.common.loading}
    </p>
  );
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain';
const TONE_ICONS = { good: 'check', warn: 'alert', bad: 'alert', plain: 'info' } as const;

interface NoticeProps {
  tone: Tone;
  children: ComponentChildren;
  action?: { label: string; run(): void };
}

/** A sentence that must be seen; bad ones are read out at once. */
export function Notice({ tone, children, action }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={TONE_ICONS[tone]} />
      <div class="notice-text">{children}</div>
      {action && (
        <button type="button" class="button small" onClick={action.run}>
          {action.label}
        </button>
      )}
    </div>
  );
}

/** Codes whose meaning is in what the server says, beside what the code says. */
const WITH_DETAIL = new Set(['INVALID', 'CONFLICT', 'PAIR_REJECTED', 'DEVICE']);

export function failureText(text: Messages, { code, text: told }: Failure): string {
  const known = (text.failures as Record<string, string | undefined>)[code];
  if (known === undefined) return told === '' ? text.failures.INTERNAL : told;
  return WITH_DETAIL.has(code) && told !== '' ? `${known} (${told})` : known;
}

export function FailureNotice({ failure, retry }: { failure: Failure | null; retry?: () => void }) {
  const text = useText();
  if (failure === null) return null;
  return (
    <Notice tone="bad" {...(retry && { action: { label: text.common.tryAgain, run: retry } })}>
      {failureText(text, failure)}
    </Notice>
  );
}

/** Nothing there yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** "3 minutes ago", going on by itself; the exact time when it is pointed at. */
export function Ago({ at }: { at: string | number }) {
  const format = useFormat();
  const now = useNow(5000);
  const iso = typeof at === 'number' ? new Date(at).toISOString() : at;
  return (
    <time dateTime={iso} title={format.dateTime(at)}>
      {format.ago(at, now)}
    </time>
  );
}
