import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { useText } from './context.ts';
import { Icon } from './icon.tsx';

interface FieldProps {
  label: string;
  type?: 'text' | 'password';
  autocomplete?: 'username' | 'current-password' | 'new-password' | 'off';
  autocapitalize?: 'none';
  spellcheck?: boolean;
  required?: boolean;
  minLength?: number;
  maxLength?: number;
  placeholder?: string;
  value: string;
  onInput(value: string): void;
  hint?: ComponentChildren;
}

export function Field({ label, value, onInput, hint, type = 'text', ...rest }: FieldProps) {
  const id = useId();
  const shared = {
    ...rest,
    id,
    value,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    onInput: (event: { currentTarget: HTMLInputElement }) => onInput(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'password' ? <input {...shared} type="password" /> : <input {...shared} type="text" />}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** A password, which its owner may look at. */
export function PasswordField(field: Omit<FieldProps, 'type'>) {
  const text = useText();
  const [visible, setVisible] = useState(false);
  return (
    <div class="with-button">
      <Field {...field} type={visible ? 'text' : 'password'} />
      <button
        type="button"
        class="button quiet icon-only"
        aria-pressed={visible}
        aria-label={text.common.showPassword}
        onClick={() => setVisible(!visible)}
      >
        <Icon name={visible ? 'eyeOff' : 'eye'} />
      </button>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  onChange(value: string): void;
  hint?: ComponentChildren;
}

export function Choice({ label, value, options, onChange, hint }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  );
}

interface CheckProps {
  label: ComponentChildren;
  checked: boolean;
  onChange(checked: boolean): void;
}

export function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
