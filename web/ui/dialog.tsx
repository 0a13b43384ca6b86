import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { Failure } from '../state/index.ts';
import { useText } from './context.ts';
import { FailureNotice } from './feedback.tsx';
import { Icon } from './icon.tsx';

interface DialogProps {
  title: string;
  onClose(): void;
  children: ComponentChildren;
  wide?: boolean;
}

/** The browser's own: it keeps the focus inside, closes with Escape, and gives the focus back. */
export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const text = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before anything is drawn: the next key is for the dialog.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="button quiet icon-only" aria-label={text.common.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

interface FormDialogProps extends DialogProps {
  submit: string;
  busy: boolean;
  failure: Failure | null;
  danger?: boolean;
  onSubmit(): void;
}

/** A dialog that asks for something and has one button for yes. */
export function FormDialog({
  submit,
  busy,
  failure,
  danger = false,
  onSubmit,
  children,
  ...dialog
}: FormDialogProps) {
  const text = useText();
  return (
    <Dialog {...dialog}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        <FailureNotice failure={failure} />
        <div class="form-end">
          <button type="button" class="button" onClick={dialog.onClose}>
            {text.common.cancel}
          </button>
          <button type="submit" class={danger ? 'button danger' : 'button primary'} disabled={busy}>
            {busy ? text.common.working : submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
